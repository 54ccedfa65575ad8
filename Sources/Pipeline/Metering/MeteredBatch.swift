import CaptureFiles
import Flows
import Headers
import KernelIO

/// The packets of one batch of frames, as a meter takes them. One per worker.
///
/// They are decoded once more than for the aggregators, the short way where that goes: it costs some nanoseconds where
/// a meter is asked for, and the way of all other packets stays as it is.
struct MeteredBatch: ~Copyable, Sendable {
    // Address space; memory only as far as it is filled.
    private(set) var packets = MappedArray<MeteredPacket>(count: FrameBatch.frameCapacity)
    private(set) var count = 0

    init() {}

    /// Decodes the frames, in order; those without a flow, and those that the filter keeps out, are left out.
    mutating func decode(_ frames: borrowing FrameBatch, _ dissector: Dissector, _ filter: PacketFilter?) {
        let records = frames.frames.span
        if records.count > packets.count { packets.grow(to: records.count) }
        count = Self.decode(frames.window.span, records, dissector, filter, into: &packets)
    }

    private static func decode(
        _ window: Span<UInt8>, _ frames: Span<FrameRecord>, _ dissector: Dissector, _ filter: PacketFilter?,
        into packets: inout MappedArray<MeteredPacket>
    ) -> Int {
        var out = packets.mutableSpan
        var count = 0
        for i in frames.indices {
            let frame = frames[i]
            let start = Int(frame.offset)
            let octets = window.extracting(start..<start &+ Int(frame.capturedLength))
            var info = PacketInfo(
                time: frame.time, wireLength: frame.wireLength, capturedLength: UInt32(clamping: octets.count))
            var layers = PacketLayers()
            if frame.linkType == LinkType.ethernet.rawValue, CommonPath.dissect(octets, into: &info) {
                layers = CommonPath.layers(of: octets, info, wireLength: frame.wireLength)
            } else {
                let dissection = dissector.dissect(
                    octets, linkType: LinkType(rawValue: frame.linkType), time: frame.time,
                    wireLength: frame.wireLength, layers: &layers)
                guard dissection.outcome == .flow else { continue }
                info = dissection.info
            }
            if let filter, !filter.matches(info) { continue }
            out[count] = MeteredPacket(octets, info, layers)
            count &+= 1  // at most one per frame, for which there is room
        }
        return count
    }
}
