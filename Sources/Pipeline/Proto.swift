import CaptureFiles
import Flows
import Headers
import KernelIO
import Octets

public func proto(_ path: String, bidirectional: Bool) throws {
    let file = try InputFile(path: path)
    let size = 256 << 10
    var window = MappedArray<UInt8>(count: size + 65536)
    var frames = MappedArray<FrameRecord>(count: 16384)
    var packets = PacketBatch()
    var lane = FlowLane(
        plan: KeyPlan(FlowTask(name: "a", fields: .fiveTuple, bidirectional: bidirectional)), seed: 0x1234_5678_9ABC)
    var have = 0
    var seen = 0, other = 0
    var first = true
    while true {
        var w = window.mutableSpan
        let n = try file.read(into: &w, have..<have + size)
        if n == 0 { break }
        have += n
        var at = first ? 24 : 0
        first = false
        let count = frameUp(window, have, &at, &frames)
        seen += count
        var i = 0
        while i < count {
            let stop = min(count, i + 256)
            decodeUp(window, frames, i..<stop, &packets, &other)
            i = stop
            lane.input(packets)
        }
        var m = window.mutableSpan
        for k in at..<have { m[k - at] = m[k] }
        have -= at
    }
    lane.flush()
    print("packets", seen, "other", other, "flows", lane.compact.store.count, lane.wide.store.count, "bytes", lane.compact.store.byteCount)
    var sum: UInt64 = 0
    let rows = lane.compact.store.rows
    for i in rows.indices { sum += rows[i].counters.bytes[0] & FlowCounters.countMask; sum += rows[i].counters.bytes[1] }
    print(sum)
}

@inline(never)
func frameUp(_ window: borrowing MappedArray<UInt8>, _ have: Int, _ position: inout Int, _ frames: inout MappedArray<FrameRecord>) -> Int {
    var out = frames.mutableSpan
    let bytes = window.span.extracting(0..<have)
    var at = position
    var count = 0
    while bytes.count - at >= 16, count < out.count {
        let header = bytes.extracting(at..<at + 16)
        let captured = header.littleEndian32(at: 8)
        guard captured <= 65535 else { fatalError() }
        let end = at + 16 + Int(captured)
        if end > have { break }
        let time = Int64(header.littleEndian32(at: 0)) * 1_000_000_000 + Int64(header.littleEndian32(at: 4)) * 1000
        out[count] = FrameRecord(
            time: time, offset: UInt32(truncatingIfNeeded: at + 16), capturedLength: captured,
            wireLength: header.littleEndian32(at: 12), linkType: 1, interface: 0)
        count += 1
        at = end
    }
    position = at
    return count
}

@inline(never)
func decodeUp(_ window: borrowing MappedArray<UInt8>, _ frames: borrowing MappedArray<FrameRecord>, _ range: Range<Int>, _ packets: inout PacketBatch, _ other: inout Int) {
    let (a, b) = decodeUp2(window, frames, range, &packets.compact, &packets.wide, &other)
    packets.compactCount = a
    packets.wideCount = b
}
@inline(__always)
func decodeUp2(_ window: borrowing MappedArray<UInt8>, _ frames: borrowing MappedArray<FrameRecord>, _ range: Range<Int>, _ cp: inout MappedArray<FlowPacket<CompactKey>>, _ wp: inout MappedArray<FlowPacket<FlowKey>>, _ other: inout Int) -> (Int, Int) {
    var compact = cp.mutableSpan
    var wide = wp.mutableSpan
    let bytes = window.span
    let list = frames.span.extracting(range)
    var a = 0, b = 0
    for i in list.indices {
        let start = Int(list[i].offset)
        let frame = bytes.extracting(start..<start + Int(list[i].capturedLength))
        var info = PacketInfo()
        if CommonPath.dissect(frame, into: &info) {
            if info.source.family == .v4 {
                compact[a] = FlowPacket(
                    key: CompactKey(FlowKey(info)), time: list[i].time, wireLength: list[i].wireLength,
                    tcpFlags: info.tcpFlags.rawValue)
                a += 1
            } else {
                wide[b] = FlowPacket(
                    key: FlowKey(info), time: list[i].time, wireLength: list[i].wireLength,
                    tcpFlags: info.tcpFlags.rawValue)
                b += 1
            }
        } else {
            other += 1
        }
    }
    return (a, b)
}
