import Headers
import Octets

/// What a TCP header says to a meter besides its flags.
@frozen public struct TCPProgress: Equatable, Sendable, BitwiseCopyable {
    public var sequence: UInt32
    public var acknowledgment: UInt32
    public var window: UInt16
    /// Octets of payload on the wire.
    public var payloadOctets: UInt32

    @inlinable @inline(__always)
    public init(sequence: UInt32, acknowledgment: UInt32, window: UInt16, payloadOctets: UInt32) {
        self.sequence = sequence
        self.acknowledgment = acknowledgment
        self.window = window
        self.payloadOctets = payloadOctets
    }
}

/// One packet as a meter takes it.
@frozen public struct MeteredPacket: Equatable, Sendable, BitwiseCopyable {
    /// From the sender to the receiver, VLAN included.
    public var key: FlowKey
    /// Nanoseconds since 1970 UTC.
    public var time: Int64
    /// Octets of the frame on the wire.
    public var wireOctets: UInt32
    /// Octets of the IP packet in it.
    public var ipOctets: UInt32
    public var tcpFlags: TCPFlags
    /// Of whole TCP packets whose header was captured up to its window.
    public var tcp: TCPProgress?

    @inlinable @inline(__always)
    public init(
        key: FlowKey, time: Int64, wireOctets: UInt32, ipOctets: UInt32, tcpFlags: TCPFlags = [],
        tcp: TCPProgress? = nil
    ) {
        self.key = key
        self.time = time
        self.wireOctets = wireOctets
        self.ipOctets = ipOctets
        self.tcpFlags = tcpFlags
        self.tcp = tcp
    }

    /// - Parameters:
    ///   - info: what dissecting `frame` gave, with its time and lengths.
    ///   - layers: where the packet lies in `frame`.
    @inline(always)
    public init(_ frame: Span<UInt8>, _ info: PacketInfo, _ layers: PacketLayers) {
        self.init(
            key: FlowKey(info), time: info.time, wireOctets: info.wireLength,
            ipOctets: UInt32(clamping: layers.ipOctets), tcpFlags: info.tcpFlags)
        if info.protocol == .tcp { tcp = TCPProgress(frame, layers) }
    }
}

extension TCPProgress {
    /// Octets of the header up to and including the window.
    @usableFromInline static var neededOctets: Int { 16 }

    /// `nil` where the header is cut before its end, contradicts itself, or stands in a fragment, whose datagram has
    /// more payload than can be seen.
    @inline(always)
    public init?(_ frame: Span<UInt8>, _ layers: PacketLayers) {
        let start = layers.transport
        guard start >= 0, layers.fragment == nil, layers.end - start >= Self.neededOctets, layers.end <= frame.count
        else { return nil }
        let header = frame.extracting(start..<layers.end)
        let headerLength = Int(header[12] >> 4) * 4
        guard headerLength >= TCPView.byteCountMin, headerLength <= layers.wireEnd - start else { return nil }
        self.init(
            sequence: header.bigEndian32(at: 4), acknowledgment: header.bigEndian32(at: 8),
            window: header.bigEndian16(at: 14),
            payloadOctets: UInt32(clamping: layers.wireEnd - start - headerLength))
    }
}
