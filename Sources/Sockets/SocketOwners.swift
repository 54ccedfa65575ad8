import Events
import Flows
import Headers

/// Which process a packet at a time belongs to, as far as that was told: by the two ends of its flow, each of which
/// may be a socket of this machine. Nothing is guessed: where two processes may be meant, it says so.
///
/// A socket that is connected answers for its two ends; one that is not, for all that comes to its port. Bounded in
/// memory. Used by one thread.
public struct SocketOwners: Sendable {
    /// The network namespace in which the flows are seen: its sockets go before those of others.
    private let network: UInt32
    /// The end of each socket is told. Otherwise one that a look does not find is gone.
    private let endsAreTold: Bool
    private let socketsMax: Int
    private var sockets: [UInt64: SocketHistory] = [:]
    private var cookies: [SocketEnds: [UInt64]] = [:]
    private var groups: [UInt64: String] = [:]
    private var localAddresses: Set<IPAddress> = []
    private var lostBefore: UInt64 = 0
    /// All sockets there is room for are there still: looking for one that is gone is of no use.
    private var isCrowded = false
    /// When the last look began that told of every socket.
    private var lookBegun: Int64?

    /// All processes have been looked at once: before, nothing is known of sockets that were there already.
    public private(set) var isComplete = false
    /// What found no room in the kernel's ring or here, and what could not be read: sockets that may be unknown.
    public private(set) var lost: UInt64 = 0
    public private(set) var refused: UInt64 = 0
    public private(set) var damaged: UInt64 = 0

    public static let socketsMaxDefault = 131_072
    private static let groupsMax = 16_384
    /// Sockets with the same ends, one after the other.
    private static let sameEndsMax = 64
    /// A socket whose end would be told is taken for gone all the same when no look has found it for so long.
    private static let absenceNanoseconds: Int64 = 60_000_000_000

    public init(network: UInt32, endsAreTold: Bool, socketsMax: Int = Self.socketsMaxDefault) {
        self.network = network
        self.endsAreTold = endsAreTold
        self.socketsMax = socketsMax
    }

    /// The machine's own addresses: only what comes to one of them can be for a socket that takes what comes to any.
    public mutating func setLocalAddresses(_ addresses: some Sequence<IPAddress>) {
        localAddresses = Set(addresses)
    }

    /// How many sockets are remembered, those that are gone included.
    public var count: Int { sockets.count }

    /// The path of a control group, from the root: `/system.slice/ssh.service`.
    public func path(ofGroup group: UInt64) -> String? { groups[group] }

    // MARK: - What is told

    /// Takes a record of the kernel's programs.
    public mutating func take(_ record: Span<UInt8>, clock: ClockOffset) {
        do throws(EventFailure) {
            take(try SocketEvent(record, clock: clock))
        } catch {
            damaged += 1
        }
    }

    public mutating func take(_ event: SocketEvent) {
        switch event {
        case .owner(let sighting): take(sighting)
        case .gone(let cookie, let time):
            sockets[cookie]?.end(at: time)
            isCrowded = false
        case .scanned(let begun, _, let lost): finishLook(begun: begun, lost: lost)
        case .group(let group, let path):
            if groups.count < Self.groupsMax || groups[group] != nil { groups[group] = path }
        }
    }

    private mutating func take(_ sighting: SocketSighting) {
        let cookie = sighting.cookie
        if let known = sockets[cookie], known.sighting.ends == sighting.ends {
            sockets[cookie]!.note(sighting)
            sockets[cookie]!.sighting.listens = sighting.listens
            return
        }
        if var known = sockets.removeValue(forKey: cookie) {
            // Connected to somebody else: for what came before, it is another socket under a number of its own.
            unlink(cookie, known.sighting.ends)
            known.end(at: sighting.since)
            forget(cookie | Self.formerBit)
            insert(known, cookie | Self.formerBit)
        }
        insert(SocketHistory(sighting, absent: lookBegun), cookie)
    }

    /// The kernel counts cookies up from 1, for each processor in a range of its own (include/linux/cookie.h).
    private static let formerBit: UInt64 = 1 << 63

    private mutating func insert(_ history: SocketHistory, _ cookie: UInt64) {
        if sockets.count >= socketsMax, !isCrowded { makeRoom() }
        let ends = history.sighting.ends
        guard sockets.count < socketsMax else {
            refused += 1
            isCrowded = true
            return
        }
        sockets[cookie] = history
        cookies[ends, default: []].append(cookie)
        if let same = cookies[ends], same.count > Self.sameEndsMax { forget(same[0]) }
    }

    private mutating func unlink(_ cookie: UInt64, _ ends: SocketEnds) {
        cookies[ends]?.removeAll { $0 == cookie }
        if cookies[ends]?.isEmpty == true { cookies[ends] = nil }
    }

    private mutating func forget(_ cookie: UInt64) {
        guard let history = sockets.removeValue(forKey: cookie) else { return }
        unlink(cookie, history.sighting.ends)
    }

    private mutating func finishLook(begun: Int64, lost: UInt64) {
        let isWhole = lost == lostBefore
        lostBefore = lost
        self.lost = lost
        isComplete = true
        isCrowded = false
        lookBegun = isWhole ? begun : nil
        let absence = isWhole ? (endsAreTold ? Self.absenceNanoseconds : 0) : nil
        for index in sockets.indices { sockets.values[index].finishLook(begun: begun, absence: absence) }
        makeRoom()
    }

    /// Flows may be asked for long after their last packet, so what is gone is remembered as long as there is room:
    /// beyond three quarters, the older half of it goes.
    private mutating func makeRoom() {
        guard sockets.count >= socketsMax * 3 / 4 else { return }
        let ends = sockets.values.compactMap(\.until).sorted()
        guard !ends.isEmpty else { return }
        let middle = ends[ends.count / 2]
        for (cookie, history) in sockets where history.until.map({ $0 <= middle }) ?? false { forget(cookie) }
    }

    // MARK: - Questions

    /// Whose the two ends of a flow are.
    /// - Parameters:
    ///   - key: with both addresses, both ports and the protocol; without, nothing is known.
    ///   - time: of one of its packets.
    public func owners(of key: FlowKey, at time: Int64) -> FlowOwners {
        guard key.protocol == 6 || key.protocol == 17, key.sourcePort != 0, key.destinationPort != 0 else {
            return FlowOwners()
        }
        var ends = SocketEnds(
            protocol: key.protocol, local: key.source, localPort: key.sourcePort, remote: key.destination,
            remotePort: key.destinationPort)
        let source = owner(of: ends, at: time)
        swap(&ends.local, &ends.remote)
        swap(&ends.localPort, &ends.remotePort)
        return FlowOwners(source: source, destination: owner(of: ends, at: time))
    }

    /// Whose the local end is: of the socket that says most exactly what it takes.
    private func owner(of ends: SocketEnds, at time: Int64) -> OwnerAnswer {
        if let answer = answer(ends, at: time, of: ends.local) { return answer }
        var bound = ends
        bound.remote = .none
        bound.remotePort = 0
        if let answer = answer(bound, at: time, of: ends.local) { return answer }
        guard ends.local.isLoopback || localAddresses.contains(ends.local) else { return .unknown }
        bound.local = IPAddress(family: ends.local.family, high: 0, low: 0)
        if let answer = answer(bound, at: time, of: ends.local) { return answer }
        guard ends.local.family == .v4 else { return .unknown }
        bound.local = IPAddress(v6: 0, 0)
        return answer(bound, at: time, of: ends.local) ?? .unknown
    }

    /// - Parameter address: of the packet.
    /// - Returns: `nil` where no socket has these ends then.
    private func answer(_ ends: SocketEnds, at time: Int64, of address: IPAddress) -> OwnerAnswer? {
        guard let same = cookies[ends] else { return nil }
        // Of the same kind, those of this namespace come first.
        var best = (isOwn: false, claim: SocketHistory.Claim.none)
        var answer: OwnerAnswer?
        for cookie in same {
            guard let history = sockets[cookie], accepts(history.sighting, address) else { continue }
            let claim = history.claim(at: time)
            let rank = (isOwn: history.sighting.network == network, claim: claim)
            guard claim > .none, rank >= best else { continue }
            let owner = history.owner(at: time)
            if rank == best, let other = answer, !other.isSame(as: owner) {
                answer = .ambiguous
            } else {
                answer = owner
            }
            best = rank
        }
        return answer
    }

    private func accepts(_ sighting: SocketSighting, _ address: IPAddress) -> Bool {
        if sighting.network != network, address.isLoopback || sighting.ends.local.isUnspecified { return false }
        guard sighting.ends.remote.family == .none else { return true }
        if sighting.ends.protocol == 6, !sighting.listens { return false }
        return !(sighting.isV6Only && address.family == .v4)
    }
}

/// A socket of this network namespace goes before one of another, whatever the times say.
private func >= (a: (isOwn: Bool, claim: SocketHistory.Claim), b: (isOwn: Bool, claim: SocketHistory.Claim)) -> Bool {
    a.isOwn != b.isOwn ? a.isOwn : a.claim >= b.claim
}
