/// What is known of one socket: since when, until when, and whose it was when.
struct SocketHistory {
    var sighting: SocketSighting
    /// Known to exist from then on,
    private(set) var since: Int64
    /// and not before that.
    private var earliest: Int64
    /// When it was seen last.
    private(set) var confirmed: Int64
    /// Known to exist until then; `nil`: it is there.
    private(set) var until: Int64?
    /// And not after that.
    private var latest = Int64.max
    /// By when it began; the last one is the present one. `nil`: several have it, and none was seen using it.
    private(set) var owners: [(since: Int64, owner: SocketOwner?)] = []
    /// Some process was seen to use it; who merely has it open counts for less then.
    private(set) var isUsed = false
    /// Who was found to have it open since the last look was done.
    private var holders: [SocketOwner] = []

    /// Changes of owner that are remembered.
    private static let ownersMax = 8
    private static let holdersMax = 16

    /// - Parameter absent: when it was not there yet, if that is known.
    init(_ sighting: SocketSighting, absent: Int64?) {
        self.sighting = sighting
        since = sighting.since
        earliest = max(sighting.since - Self.leadNanoseconds, absent ?? .min)
        confirmed = sighting.time
        note(sighting)
    }

    /// It is gone.
    mutating func end(at time: Int64) {
        guard until == nil else { return }
        until = time
        latest = time
    }

    mutating func note(_ sighting: SocketSighting) {
        confirmed = max(confirmed, sighting.time)
        // A look had missed it.
        if let end = until, end < sighting.time {
            until = nil
            latest = .max
        }
        if sighting.isUse {
            isUsed = true
            since = min(since, sighting.since)
            // It began to connect then: before, its ends were nobody's.
            if sighting.since < sighting.time { earliest = sighting.since }
            setOwner(sighting.owner, since: sighting.since)
        } else if holders.count < Self.holdersMax, !holders.contains(where: { $0.isSameProcess(as: sighting.owner) }) {
            holders.append(sighting.owner)
        }
    }

    /// All processes have been looked at.
    /// - Parameter absence: it is gone where none had it for longer than that; `nil`: some may not have been told.
    mutating func finishLook(begun: Int64, absence: Int64?) {
        defer { holders.removeAll(keepingCapacity: true) }
        if let absence, until == nil, begun - confirmed > absence {
            until = confirmed
            latest = begun
        }
        guard let first = holders.first else { return }
        if let present = owners.last?.owner, let same = holders.first(where: { $0.isSameProcess(as: present) }) {
            // A program may have been executed since, or a thread renamed.
            if isUsed || holders.count == 1 { return owners[owners.count - 1].owner = same }
        }
        setOwner(holders.count == 1 ? first : nil, since: owners.isEmpty ? since : begun)
    }

    private mutating func setOwner(_ owner: SocketOwner?, since: Int64) {
        if let last = owners.last {
            let isSame = owner.map { last.owner?.isSameProcess(as: $0) ?? false } ?? (last.owner == nil)
            if isSame { return owners[owners.count - 1].owner = owner }
        }
        owners.append((since, owner))
        if owners.count > Self.ownersMax { owners.removeFirst() }
    }

    /// Whose it was then: `.unknown` before the first look is done.
    func owner(at time: Int64) -> OwnerAnswer {
        guard let entry = owners.last(where: { $0.since <= time }) ?? owners.first else { return .unknown }
        return entry.owner.map { .known($0) } ?? .ambiguous
    }

    enum Claim: Comparable { case none, likely, certain }

    /// How a packet at that time with the socket's ends belongs to it.
    func claim(at time: Int64) -> Claim {
        if time >= since, time <= until ?? .max { return .certain }
        // What TCP still has to say goes on after the program has closed the socket.
        let linger = sighting.ends.protocol == 6 ? Self.lingerNanoseconds : Self.datagramLingerNanoseconds
        return time >= earliest && (time <= latest || time - latest <= linger) ? .likely : .none
    }

    /// A socket that was accepted, or is only received from, is seen a little after its first packet.
    private static let leadNanoseconds: Int64 = 5_000_000_000
    /// TCP_TIMEWAIT_LEN of include/net/tcp.h.
    private static let lingerNanoseconds: Int64 = 60_000_000_000
    private static let datagramLingerNanoseconds: Int64 = 10_000_000
}
