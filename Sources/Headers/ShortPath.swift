import Octets

/// The shortest way, for the plainest frames: Ethernet without a tag, an IP header of the usual length that is no
/// fragment, and TCP or UDP, with at least 20 octets of that captured.
///
/// It gives what a flow's key needs besides the addresses, out of one range of octets that is checked once. All other
/// frames go to `CommonPath`, which gives the same answer for the frames both know (a property test holds them
/// together).
@frozen public struct ShortPath: BitwiseCopyable, Equatable, Sendable {
    /// Source port in the upper half, destination port in the lower.
    public let ports: UInt32
    /// 6 or 17.
    public let `protocol`: UInt8
    public let tcpFlags: UInt8

    /// Octets of a frame that must be captured: Ethernet, IP, and what a TCP header has at least.
    @inline(always) public static var ipv4Octets: Int { 14 + 20 + 20 }
    @inline(always) public static var ipv6Octets: Int { 14 + 40 + 20 }
    /// EtherTypes (octets 12 and 13) as little-endian numbers.
    @inline(always) public static var ipv4Type: UInt16 { 0x0008 }
    @inline(always) public static var ipv6Type: UInt16 { 0xDD86 }

    /// - Parameter frame: the first `ipv4Octets` of an Ethernet frame of `ipv4Type`.
    @inline(always)
    public static func ipv4(_ frame: Span<UInt8>) -> ShortPath? {
        // Version 4, header without options, and neither "more fragments" nor an offset.
        guard UInt16(frame[14] ^ 0x45) | frame.littleEndian16(at: 20) & 0xFF3F == 0 else { return nil }
        return transport(
            frame.extracting(34..<54), protocol: frame[23], claimed: Int(frame.bigEndian16(at: 16)) &- 20)
    }

    /// - Parameter frame: the first `ipv6Octets` of an Ethernet frame of `ipv6Type`.
    @inline(always)
    public static func ipv6(_ frame: Span<UInt8>) -> ShortPath? {
        guard frame[14] >> 4 == 6 else { return nil }
        return transport(frame.extracting(54..<74), protocol: frame[20], claimed: Int(frame.bigEndian16(at: 18)))
    }

    /// - Parameters:
    ///   - segment: 20 octets from the transport header on.
    ///   - claimed: octets of transport header and payload by the IP header's length field.
    @inline(always)
    public static func transport(_ segment: Span<UInt8>, protocol number: UInt8, claimed: Int) -> ShortPath? {
        let ports = segment.bigEndian32(at: 0)
        if number == 6 {
            let headerLength = Int(segment[12] >> 4) &* 4
            guard headerLength >= 20, headerLength <= claimed else { return nil }
            return ShortPath(ports: ports, protocol: 6, tcpFlags: segment[13])
        }
        guard number == 17, claimed >= 8, !UDPTunnelPort.isTunnel(ports: ports) else { return nil }
        return ShortPath(ports: ports, protocol: 17, tcpFlags: 0)
    }

    @inline(always)
    public init(ports: UInt32, protocol number: UInt8, tcpFlags: UInt8) {
        self.ports = ports
        `protocol` = number
        self.tcpFlags = tcpFlags
    }
}
