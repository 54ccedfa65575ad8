import Headers
import Octets

/// Puts fragmented IP datagrams together (RFC 791 § 3.2, RFC 8200 § 4.5).
///
/// Of overlapping fragments the first copy wins in IPv4; in IPv6, where they are forbidden (RFC 5722), the datagram is
/// given up. Times are packet times.
struct FragmentReassembler {
    private struct Key: Hashable {
        var source: IPAddress
        var destination: IPAddress
        var identification: UInt32
        /// 0 in IPv6, where the protocol is no part of the datagram's name.
        var `protocol`: UInt8

        init(_ fragment: IPFragment) {
            source = fragment.source
            destination = fragment.destination
            identification = fragment.identification
            `protocol` = fragment.source.family == .v4 ? fragment.protocol.rawValue : 0
        }
    }

    private struct Datagram {
        var key: Key
        var queue = SegmentQueue()
        /// Of the first fragment; of the first that came, until then.
        var `protocol`: IPProtocol
        /// Octets of the datagram's payload; -1 until the last fragment has come.
        var total = -1
        var stored = 0
        var fragments: UInt64 = 0
        var since: Int64
        /// Overlapping IPv6 fragments, or more octets than its last fragment allows: what still comes is refused, too.
        var isRefused = false
    }

    /// The longest payload: 65,535 octets of a datagram, less the header that is written before it.
    private static let payloadMax = 65_535

    private(set) var ledger = FragmentLedger()
    /// The datagram that `take` completed, with a plain IP header.
    var whole: [UInt8] = []

    private let datagramsMax: Int
    private let lifetime: Int64
    private var pool: BlockPool
    private var datagrams: [Datagram] = []
    private var links: [IndexList.Link] = []
    private var free: [Int32] = []
    private var order = IndexList()
    private var indices: [Key: Int32] = [:]

    init(_ settings: StreamSettings) {
        datagramsMax = max(settings.datagramsMax, 1)
        lifetime = settings.fragmentNanoseconds
        pool = BlockPool(octetsMax: settings.fragmentOctetsMax)
    }

    var isEmpty: Bool { indices.isEmpty }

    /// Takes a fragment in.
    ///
    /// - Returns: whether it completed a datagram, which is then in `whole`.
    mutating func take(_ fragment: IPFragment, _ data: Span<UInt8>, at time: Int64) -> Bool {
        ledger.fragments += 1
        guard isUsable(fragment, data) else {
            ledger.unusable += 1
            return false
        }
        expire(at: time)
        let index = datagram(of: fragment, at: time)
        datagrams[index].fragments += 1
        ledger.inFlight += 1
        guard !datagrams[index].isRefused, setTotal(fragment, data.count, index) else {
            refuse(index)
            return false
        }
        if fragment.offset == 0 { datagrams[index].protocol = fragment.protocol }
        makeRoom(for: data.count, sparing: index)
        let insertion = pool.insert(
            data, count: data.count, at: UInt32(fragment.offset), base: 0, into: &datagrams[index].queue)
        datagrams[index].stored += insertion.stored
        ledger.overlappingOctets += UInt64(insertion.overlapping)
        let isDuplicate = insertion.overlapping == data.count
        if insertion.dropped > 0 || insertion.overlapping > 0 && !isDuplicate && fragment.source.family == .v6 {
            refuse(index)
            return false
        }
        guard datagrams[index].stored == datagrams[index].total else { return false }
        build(index, fragment)
        ledger.datagrams += 1
        ledger.used += datagrams[index].fragments
        remove(index)
        return true
    }

    /// Fragments other than the last end at a multiple of eight octets; the snap length may not have cut them.
    private func isUsable(_ fragment: IPFragment, _ data: Span<UInt8>) -> Bool {
        fragment.missing == 0 && !data.isEmpty && fragment.offset + data.count <= Self.payloadMax
            && (!fragment.moreFragments || data.count & 7 == 0)
    }

    private mutating func datagram(of fragment: IPFragment, at time: Int64) -> Int {
        let key = Key(fragment)
        if let index = indices[key] { return Int(index) }
        while indices.count >= datagramsMax { evictOldest() }
        let datagram = Datagram(key: key, protocol: fragment.protocol, since: time)
        let index: Int32
        if let reused = free.popLast() {
            index = reused
            datagrams[Int(index)] = datagram
        } else {
            index = Int32(datagrams.count)
            datagrams.append(datagram)
            links.append(IndexList.Link())
        }
        order.append(index, &links)
        indices[key] = index
        return Int(index)
    }

    /// Applies what a fragment says of the datagram's end; `false` where it contradicts what others said.
    private mutating func setTotal(_ fragment: IPFragment, _ count: Int, _ index: Int) -> Bool {
        let end = fragment.offset + count
        let tail = datagrams[index].queue.tail
        let reached = max(tail < 0 ? 0 : Int(pool[tail].end), end)
        if !fragment.moreFragments {
            guard datagrams[index].total < 0 || datagrams[index].total == end else { return false }
            datagrams[index].total = end
        }
        return datagrams[index].total < 0 || reached <= datagrams[index].total
    }

    private mutating func refuse(_ index: Int) {
        pool.removeAll(&datagrams[index].queue)
        datagrams[index].isRefused = true
    }

    /// A block more than the octets fill, as they may fall on both sides of what is there.
    private mutating func makeRoom(for octets: Int, sparing index: Int) {
        while pool.available < octets / BlockPool.blockOctets + 2, order.head >= 0, order.head != index {
            evictOldest()
        }
    }

    private mutating func expire(at time: Int64) {
        while order.head >= 0 {
            let index = Int(order.head)
            if datagrams[index].since > time { datagrams[index].since = time }
            guard time - datagrams[index].since > lifetime else { return }
            ledger.add(datagrams[index].fragments, refused: datagrams[index].isRefused, to: \.timedOut)
            remove(index)
        }
    }

    private mutating func evictOldest() {
        let index = Int(order.head)
        ledger.add(datagrams[index].fragments, refused: datagrams[index].isRefused, to: \.evicted)
        remove(index)
    }

    /// Forgets all datagrams: the capture has ended.
    mutating func removeAll() {
        while order.head >= 0 {
            let index = Int(order.head)
            ledger.add(datagrams[index].fragments, refused: datagrams[index].isRefused, to: \.unfinished)
            remove(index)
        }
    }

    private mutating func remove(_ index: Int) {
        ledger.inFlight -= datagrams[index].fragments
        pool.removeAll(&datagrams[index].queue)
        indices[datagrams[index].key] = nil
        order.remove(Int32(index), &links)
        free.append(Int32(index))
    }

    /// Writes the datagram with a header that has neither options nor extensions before the fragmentable part.
    private mutating func build(_ index: Int, _ fragment: IPFragment) {
        let datagram = datagrams[index]
        // Moved out while the pool is read.
        var whole: [UInt8] = []
        swap(&whole, &self.whole)
        whole.removeAll(keepingCapacity: true)
        if fragment.source.family == .v4 {
            IPv4Fields(
                source: UInt32(truncatingIfNeeded: fragment.source.low),
                destination: UInt32(truncatingIfNeeded: fragment.destination.low), protocol: datagram.protocol
            ).emit(into: &whole, payloadLength: datagram.total)
        } else {
            IPv6Fields(source: fragment.source, destination: fragment.destination, nextHeader: datagram.protocol)
                .emit(into: &whole, payloadLength: datagram.total)
        }
        var block = datagram.queue.head
        while block >= 0 {
            whole.append(contentsOf: pool.octets(block))
            block = pool[block].next
        }
        self.whole = whole
    }
}

/// What became of the fragments.
public struct FragmentLedger: Equatable, Sendable {
    /// All that came: the sum of the counters of fragments below.
    public var fragments: UInt64 = 0
    /// Of datagrams that became whole.
    public var used: UInt64 = 0
    /// Cut by the snap length, of a length that fragments cannot have, or beyond the longest datagram.
    public var unusable: UInt64 = 0
    /// Of datagrams that contradict themselves: overlaps in IPv6, two ends.
    public var refused: UInt64 = 0
    public var timedOut: UInt64 = 0
    /// Given up for their memory.
    public var evicted: UInt64 = 0
    /// Of datagrams that were not whole when the capture ended.
    public var unfinished: UInt64 = 0
    public var inFlight: UInt64 = 0

    public var datagrams: UInt64 = 0
    /// Octets that were there already: the first copy stays.
    public var overlappingOctets: UInt64 = 0

    public init() {}

    public var isBalanced: Bool {
        fragments == used + unusable + refused + timedOut + evicted + unfinished + inFlight
    }

    fileprivate mutating func add(
        _ count: UInt64, refused isRefused: Bool, to cause: WritableKeyPath<FragmentLedger, UInt64>
    ) {
        if isRefused { refused += count } else { self[keyPath: cause] += count }
    }
}
