import Headers
import Octets

/// A TCP segment as a frame holds it.
struct TCPSegment {
    var key: StreamKey
    /// The sender's side of the key.
    var side: Int
    var flags: TCPFlags
    var sequence: UInt32
    var acknowledgment: UInt32
    /// Octets of payload on the wire.
    var count: Int
    /// The captured payload in the frame; shorter than `count` where the capture was cut.
    var payload: Range<Int>

    /// Octets of the header up to and including its flags: without them the payload cannot be placed.
    private static let neededOctets = 14

    /// `nil` where the header is cut too short or contradicts itself.
    @inline(__always)
    init?(_ frame: Span<UInt8>, _ info: PacketInfo, _ layers: PacketLayers) {
        let start = layers.transport
        guard start >= 0, layers.end - start >= Self.neededOctets, layers.end <= frame.count else { return nil }
        let header = frame.extracting(start..<layers.end)
        let headerLength = Int(header[12] >> 4) * 4
        guard headerLength >= TCPView.byteCountMin, headerLength <= layers.wireEnd - start else { return nil }
        (key, side) = StreamKey.canonical(info.source, info.sourcePort, info.destination, info.destinationPort)
        flags = TCPFlags(rawValue: header[13])
        sequence = header.bigEndian32(at: 4)
        acknowledgment = header.bigEndian32(at: 8)
        count = layers.wireEnd - start - headerLength
        payload = min(start + headerLength, layers.end)..<layers.end
    }

    /// The sequence number behind the segment's SYN and payload: where its FIN would stand.
    var end: UInt32 { sequence &+ UInt32(truncatingIfNeeded: count) &+ (flags.contains(.syn) ? 1 : 0) }
}
