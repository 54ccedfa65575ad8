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
        packets.compactCount = 0
        packets.wideCount = 0
        var writer = PacketWriter(compact: 0, wide: 0)
        Self.decode(
            frames.window.span, frames.frames.span.extracting(range), dissector, filter, &counters, &rare,
            &packets.compact, &packets.wide, &writer)
        packets.compactCount = writer.compact
        packets.wideCount = writer.wide
    }

    /// How many packets of each family have been written.
    private struct PacketWriter {
        var compact: Int
        var wide: Int
    }

    @inline(__always)
    private static func decode(
        _ window: Span<UInt8>, _ frames: Span<FrameRecord>, _ dissector: Dissector, _ filter: PacketFilter?,
        _ counters: inout HotCounters, _ rare: inout TrafficCounts,
        _ compactArray: inout MappedArray<FlowPacket<CompactKey>>,
        _ wideArray: inout MappedArray<FlowPacket<FlowKey>>, _ writer: inout PacketWriter
    ) {
        var compact = compactArray.mutableSpan
        var wide = wideArray.mutableSpan
        var compactCount = 0
        var wideCount = 0
        var octets: UInt64 = 0, captured: UInt64 = 0
        for i in frames.indices {
            let frame = frames[i]
            let start = Int(frame.offset)
            let octetsThere = window.extracting(start..<start &+ Int(frame.capturedLength))
            octets &+= UInt64(frame.wireLength)
            captured &+= UInt64(frame.capturedLength)
            counters.note(frame.time)
            var info = PacketInfo()
            if frame.linkType == LinkType.ethernet.rawValue, CommonPath.dissect(octetsThere, into: &info) {
                if let filter {
                    guard admits(filter, info, frame, &counters, &rare) else { continue }
                } else {
                    counters.countCommon(info, frame.wireLength)
                }
            } else {
                guard uncommon(octetsThere, frame, dissector, filter, &rare, into: &info) else { continue }
            }
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
        counters.seen.packets &+= UInt64(frames.count)
        counters.seen.bytes &+= octets
        counters.capturedBytes &+= captured
        writer = PacketWriter(compact: compactCount, wide: wideCount)
    }

    @inline(never)
    private static func admits(
        _ filter: PacketFilter, _ info: PacketInfo, _ frame: FrameRecord, _ counters: inout HotCounters,
        _ rare: inout TrafficCounts
    ) -> Bool {
        var info = info
        info.time = frame.time
        info.wireLength = frame.wireLength
        info.capturedLength = frame.capturedLength
        guard filter.matches(info) else {
            rare.filtered.add(frame.wireLength)
            return false
        }
        counters.countCommon(info, frame.wireLength)
        return true
    }

    /// The long way, for all that `CommonPath` does not take. `false`: the frame is counted and done with.
    @inline(never)
    private static func uncommon(
        _ octets: Span<UInt8>, _ frame: FrameRecord, _ dissector: Dissector, _ filter: PacketFilter?,
        _ rare: inout TrafficCounts, into info: inout PacketInfo
    ) -> Bool {
        let linkType = LinkType(rawValue: frame.linkType)
        let dissection = dissector.dissect(octets, linkType: linkType, time: frame.time, wireLength: frame.wireLength)
        info = dissection.info
        if let filter, !filter.matches(info) {
            rare.filtered.add(frame.wireLength)
            return false
        }
        rare.linkTypes[linkType, default: PacketCount()].add(frame.wireLength)
        rare.paths[dissection.path, default: PacketCount()].add(frame.wireLength)
        guard dissection.outcome == .flow else {
            rare.undelivered[dissection.outcome, default: PacketCount()].add(frame.wireLength)
            return false
        }
        rare.delivered.add(frame.wireLength)
        if !info.marks.isEmpty {
            rare.laterFragments += info.marks.contains(.laterFragment) ? 1 : 0
            rare.portsCut += info.marks.contains(.portsCut) ? 1 : 0
            rare.transportCut += info.marks.contains(.transportCut) ? 1 : 0
            rare.malformedAbove += info.marks.contains(.malformedAbove) ? 1 : 0
        }
        return true
    }

    var counts: TrafficCounts {
        var counts = rare
        counters.add(to: &counts)
        return counts
    }
}

/// The counters of the common way: plain arrays and sums, one pass over a few cache lines.
struct HotCounters: ~Copyable {
    var seen = PacketCount()
    var capturedBytes: UInt64 = 0
    private var firstTime = Int64.max
    private var lastTime = Int64.min
    /// Common frames by VLAN tag (none, some), IP version (4, 6) and protocol. Two words each: packets, octets.
    private var kinds = MappedArray<UInt64>(count: 4 * 256 * 2)

    init() {}

    /// A time of 0 is that of a record without one.
    @inline(__always) mutating func note(_ time: Int64) {
        if time < firstTime, time != 0 { firstTime = time }
        if time > lastTime, time != 0 { lastTime = time }
    }

    @inline(__always) mutating func countCommon(_ info: PacketInfo, _ wireLength: UInt32) {
        let kind = (info.vlan != 0 ? 512 : 0) | (info.source.family == .v6 ? 256 : 0) | Int(info.protocol.rawValue)
        var kinds = kinds.mutableSpan
        kinds[2 * kind] &+= 1
        kinds[2 * kind + 1] &+= UInt64(wireLength)
    }

    func add(to counts: inout TrafficCounts) {
        counts.seen.add(seen)
        counts.capturedBytes += capturedBytes
        // Where no frame has a time, 0 may be the last one.
        if firstTime != .max {
            counts.note(firstTime)
            counts.note(lastTime)
        }
        let kinds = kinds.span
        for kind in 0..<1024 where kinds[2 * kind] > 0 {
            let count = PacketCount(packets: kinds[2 * kind], bytes: kinds[2 * kind + 1])
            counts.delivered.add(count)
            counts.linkTypes[.ethernet, default: PacketCount()].add(count)
            counts.paths[Self.path(kind), default: PacketCount()].add(count)
        }
    }

    private static func path(_ kind: Int) -> LayerPath {
        var path = LayerPath()
        path.append(.ethernet)
        if kind & 512 != 0 { path.append(.vlan) }
        path.append(kind & 256 != 0 ? .ipv6 : .ipv4)
        switch IPProtocol(rawValue: UInt8(kind & 255)) {
        case .tcp: path.append(.tcp)
        case .udp: path.append(.udp)
        case .icmp: path.append(.icmp)
        default: path.append(.icmpv6)
        }
        return path
    }
}
