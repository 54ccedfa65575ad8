import CaptureFiles
import Flows
import Headers
import KernelIO
import Octets

/// Turns frames into packets for the aggregators, and counts what became of each. One per worker.
struct FrameDecoder: ~Copyable {
    private let dissector: Dissector
    private let filter: PacketFilter?
    private var counters = HotCounters()
    private var rare = TrafficCounts()

    init(tunnels: TunnelMode, filter: PacketFilter?) {
        dissector = Dissector(tunnels: tunnels)
        self.filter = filter
    }

    /// Decodes a run of frames, at most `PacketBatch.capacity`.
    mutating func decode(
        _ frames: borrowing FrameBatch, _ range: Range<Int>, into packets: inout PacketBatch
    ) {
        (packets.compactCount, packets.wideCount) = Self.decode(
            frames.window.span, frames.frames.span.extracting(range), dissector, filter, &counters, &rare,
            &packets.compact, &packets.wide)
    }

    /// Where decoded packets go: the two arrays of a batch, filled from the start.
    private struct PacketWriter: ~Copyable, ~Escapable {
        var compact: MutableSpan<FlowPacket<CompactKey>>
        var wide: MutableSpan<FlowPacket<FlowKey>>
        var compactCount = 0
        var wideCount = 0

        @_lifetime(copy compact, copy wide)
        init(
            compact: consuming MutableSpan<FlowPacket<CompactKey>>, wide: consuming MutableSpan<FlowPacket<FlowKey>>
        ) {
            self.compact = compact
            self.wide = wide
        }

        @inline(__always) @_lifetime(self: copy self)
        mutating func append(_ octets: Span<UInt8>, _ short: ShortPath, _ frame: FrameRecord) {
            compact[compactCount] = FlowPacket(
                key: CompactKey(addresses: octets.bigEndian64(at: 26), meta: FlowKey.meta(short, family: .v4)),
                time: frame.time, wireLength: frame.wireLength, tcpFlags: short.tcpFlags)
            compactCount &+= 1  // at most one per frame, and a batch has no more frames than room
        }

        @inline(__always) @_lifetime(self: copy self)
        mutating func appendWide(_ octets: Span<UInt8>, _ short: ShortPath, _ frame: FrameRecord) {
            wide[wideCount] = FlowPacket(
                key: FlowKey(
                    sourceHigh: octets.bigEndian64(at: 22), sourceLow: octets.bigEndian64(at: 30),
                    destinationHigh: octets.bigEndian64(at: 38), destinationLow: octets.bigEndian64(at: 46),
                    meta: FlowKey.meta(short, family: .v6)),
                time: frame.time, wireLength: frame.wireLength, tcpFlags: short.tcpFlags)
            wideCount &+= 1
        }

        /// Rare, and not inlined: the loop it stands in would lose registers to it.
        @_lifetime(self: copy self)
        mutating func append(_ info: PacketInfo, _ frame: FrameRecord) {
            if info.source.family == .v4 {
                compact[compactCount] = FlowPacket(
                    key: CompactKey(FlowKey(info)), time: frame.time, wireLength: frame.wireLength,
                    tcpFlags: info.tcpFlags.rawValue)
                compactCount &+= 1
            } else {
                wide[wideCount] = FlowPacket(
                    key: FlowKey(info), time: frame.time, wireLength: frame.wireLength,
                    tcpFlags: info.tcpFlags.rawValue)
                wideCount &+= 1
            }
        }
    }

    @inline(__always)
    private static func decode(
        _ window: Span<UInt8>, _ frames: Span<FrameRecord>, _ dissector: Dissector, _ filter: PacketFilter?,
        _ counters: inout HotCounters, _ rare: inout TrafficCounts,
        _ compact: inout MappedArray<FlowPacket<CompactKey>>, _ wide: inout MappedArray<FlowPacket<FlowKey>>
    ) -> (compact: Int, wide: Int) {
        var writer = PacketWriter(compact: compact.mutableSpan, wide: wide.mutableSpan)
        let run = FrameSums(frames)
        var kinds = CommonKinds()
        // A filter wants to see packets as a whole.
        let least = filter == nil ? UInt32(ShortPath.ipv4Octets) : .max
        for i in frames.indices {
            let frame = frames[i]
            let start = Int(frame.offset)
            if frame.capturedLength >= least, frame.linkType == ethernet {
                let octets = window.extracting(start..<start &+ ShortPath.ipv4Octets)
                let etherType = octets.littleEndian16(at: 12)
                if etherType == ShortPath.ipv4Type {
                    if let short = ShortPath.ipv4(octets) {
                        kinds.count(short, frame.wireLength, isWide: false)
                        writer.append(octets, short, frame)
                        continue
                    }
                } else if etherType == ShortPath.ipv6Type, frame.capturedLength >= ShortPath.ipv6Octets {
                    let octets = window.extracting(start..<start &+ ShortPath.ipv6Octets)
                    if let short = ShortPath.ipv6(octets) {
                        kinds.count(short, frame.wireLength, isWide: true)
                        writer.appendWide(octets, short, frame)
                        continue
                    }
                }
            }
            let octets = window.extracting(start..<start &+ Int(frame.capturedLength))
            if let info = longer(octets, frame, dissector, filter, &kinds, &rare) {
                writer.append(info, frame)
            }
        }
        counters.add(run, kinds, frames: frames.count)
        return (writer.compactCount, writer.wideCount)
    }

    private static var ethernet: UInt16 { 1 }

    /// For all that `ShortPath` does not take. `nil`: the frame is counted and done with.
    @inline(never)
    private static func longer(
        _ octets: Span<UInt8>, _ frame: FrameRecord, _ dissector: Dissector, _ filter: PacketFilter?,
        _ kinds: inout CommonKinds, _ rare: inout TrafficCounts
    ) -> PacketInfo? {
        var info = PacketInfo()
        guard frame.linkType == ethernet, CommonPath.dissect(octets, into: &info) else {
            return uncommon(octets, frame, dissector, filter, &rare)
        }
        if let filter, !admits(filter, info, frame, &rare) { return nil }
        kinds.count(info, frame.wireLength)
        return info
    }

    @inline(never)
    private static func admits(
        _ filter: PacketFilter, _ info: PacketInfo, _ frame: FrameRecord, _ rare: inout TrafficCounts
    ) -> Bool {
        var info = info
        info.time = frame.time
        info.wireLength = frame.wireLength
        info.capturedLength = frame.capturedLength
        guard filter.matches(info) else {
            rare.filtered.add(frame.wireLength)
            return false
        }
        return true
    }

    /// The long way, for all that `CommonPath` does not take. `nil`: the frame is counted and done with.
    @inline(never)
    private static func uncommon(
        _ octets: Span<UInt8>, _ frame: FrameRecord, _ dissector: Dissector, _ filter: PacketFilter?,
        _ rare: inout TrafficCounts
    ) -> PacketInfo? {
        let linkType = LinkType(rawValue: frame.linkType)
        let dissection = dissector.dissect(octets, linkType: linkType, time: frame.time, wireLength: frame.wireLength)
        let info = dissection.info
        if let filter, !filter.matches(info) {
            rare.filtered.add(frame.wireLength)
            return nil
        }
        rare.paths[dissection.path, default: PacketCount()].add(frame.wireLength)
        guard dissection.outcome == .flow else {
            rare.undelivered[dissection.outcome, default: PacketCount()].add(frame.wireLength)
            if dissection.outcome == .unknownLinkType {
                rare.unknownLinkTypes[linkType, default: PacketCount()].add(frame.wireLength)
            }
            return nil
        }
        rare.delivered.add(frame.wireLength)
        if !info.marks.isEmpty { rare.count(info.marks) }
        return info
    }

    var counts: TrafficCounts {
        var counts = rare
        counters.add(to: &counts)
        return counts
    }
}

extension FlowKey {
    /// The last word of an untagged packet's key.
    @inline(__always) fileprivate static func meta(_ short: ShortPath, family: IPFamily) -> UInt64 {
        UInt64(short.ports) << 32 | UInt64(short.protocol) << 8 | UInt64(family.rawValue)
    }
}

/// Frames that took the common way, by VLAN tag (none, some), IP version (4, 6) and protocol (TCP, UDP, the rest).
///
/// One word each, so that counting is one addition: packets in the upper 24 bits, octets in the lower 40. That holds a
/// batch, whose 256 frames have less than 2^32 octets each.
private struct CommonKinds {
    static let count = 16
    private(set) var words: [16 of UInt64] = .init(repeating: 0)

    @inline(__always) mutating func count(_ short: ShortPath, _ wireLength: UInt32, isWide: Bool) {
        count((isWide ? 4 : 0) | (short.protocol == 6 ? 0 : 1), wireLength)
    }

    mutating func count(_ info: PacketInfo, _ wireLength: UInt32) {
        let number = info.protocol.rawValue
        let transport = number == 6 ? 0 : number == 17 ? 1 : 2
        count((info.vlan != 0 ? 8 : 0) | (info.source.family == .v4 ? 0 : 4) | transport, wireLength)
    }

    @inline(__always) private mutating func count(_ kind: Int, _ wireLength: UInt32) {
        words[kind & 15] &+= 1 << 40 | UInt64(wireLength)
    }

    static func path(_ kind: Int) -> LayerPath {
        var path = LayerPath()
        path.append(.ethernet)
        if kind & 8 != 0 { path.append(.vlan) }
        path.append(kind & 4 != 0 ? .ipv6 : .ipv4)
        switch kind & 3 {
        case 0: path.append(.tcp)
        case 1: path.append(.udp)
        default: path.append(kind & 4 != 0 ? .icmpv6 : .icmp)
        }
        return path
    }
}

/// The counters of the common way: plain sums.
struct HotCounters {
    private var sums = FrameSums()
    private var frames: UInt64 = 0
    private var kinds = [PacketCount](repeating: PacketCount(), count: CommonKinds.count)

    init() {}

    fileprivate mutating func add(_ run: FrameSums, _ more: CommonKinds, frames count: Int) {
        sums.add(run)
        frames &+= UInt64(count)
        for kind in 0..<CommonKinds.count where more.words[kind] != 0 {
            kinds[kind].packets &+= more.words[kind] >> 40
            kinds[kind].bytes &+= more.words[kind] & ((1 << 40) - 1)
        }
    }

    func add(to counts: inout TrafficCounts) {
        counts.seen.add(PacketCount(packets: frames, bytes: sums.wireOctets))
        counts.capturedBytes += sums.capturedOctets
        // Where no frame has a time, 0 may be the last one.
        if sums.firstTime != .max {
            counts.note(sums.firstTime)
            counts.note(sums.lastTime)
        }
        for kind in kinds.indices where kinds[kind].packets > 0 {
            counts.delivered.add(kinds[kind])
            counts.paths[CommonKinds.path(kind), default: PacketCount()].add(kinds[kind])
        }
    }
}

/// What is summed up over every frame.
private struct FrameSums {
    private(set) var wireOctets: UInt64 = 0
    private(set) var capturedOctets: UInt64 = 0
    private(set) var firstTime = Int64.max
    private(set) var lastTime = Int64.min

    init() {}

    /// Sums up a run in a loop of its own, which needs few registers.
    init(_ frames: Span<FrameRecord>) {
        var wireOctets: UInt64 = 0, capturedOctets: UInt64 = 0
        // Times less 1 and without a sign: what is not after 1970 comes out above all that is.
        var lowest = UInt64.max, highest: UInt64 = 0
        for i in frames.indices {
            let frame = frames[i]
            wireOctets &+= UInt64(frame.wireLength)
            capturedOctets &+= UInt64(frame.capturedLength)
            let time = UInt64(bitPattern: frame.time) &- 1
            lowest = min(lowest, time)
            highest = max(highest, time)
        }
        self.wireOctets = wireOctets
        self.capturedOctets = capturedOctets
        if frames.count > 0, highest < UInt64(Int64.max) {
            firstTime = Int64(lowest) + 1
            lastTime = Int64(highest) + 1
        } else {
            noteTimes(frames)
        }
    }

    /// The rare case: times before 1970, or 0, which is that of a record without one.
    @inline(never)
    private mutating func noteTimes(_ frames: Span<FrameRecord>) {
        for i in frames.indices where frames[i].time != 0 {
            firstTime = min(firstTime, frames[i].time)
            lastTime = max(lastTime, frames[i].time)
        }
    }

    mutating func add(_ run: FrameSums) {
        wireOctets &+= run.wireOctets
        capturedOctets &+= run.capturedOctets
        firstTime = min(firstTime, run.firstTime)
        lastTime = max(lastTime, run.lastTime)
    }
}
