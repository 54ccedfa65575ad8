import Octets

/// The short way through the frames that make up nearly all traffic: Ethernet, at most one VLAN tag, IPv4 or IPv6
/// without fragments or extension headers, TCP, UDP or ICMP.
///
/// It answers only what it is sure of; every other frame goes to `Dissector`, which gives the same answer for the
/// frames both know (a property test holds them together).
public enum CommonPath {
    /// Fills `info`'s addresses, protocol, ports, VLAN and flags, and tells whether it did; the frame is Ethernet.
    ///
    /// Times and lengths are left alone, and so are `info.marks` and `info.fragment`: no frame that needs them is
    /// taken.
    @inline(always)
    public static func dissect(_ frame: Span<UInt8>, into info: inout PacketInfo) -> Bool {
        let link = ethernet(frame)
        let packet = frame.extracting(droppingFirst: link.octets)
        switch link.family {
        case .v4: return ipv4(packet, vlan: link.vlan, into: &info)
        case .v6: return ipv6(packet, vlan: link.vlan, into: &info)
        case .none: return false
        }
    }

    /// What an Ethernet frame carries, its VLAN, and where the packet begins; `.none` for what goes to the dissector.
    ///
    /// Callers that treat the families apart branch on this, and need not ask the packet again.
    @inline(always)
    public static func ethernet(_ frame: Span<UInt8>) -> (family: IPFamily, vlan: UInt16, octets: Int) {
        guard frame.count >= 46 else { return (.none, 0, 0) }
        var etherType = frame.bigEndian16(at: 12)
        var octets = 14
        var vlan: UInt16 = 0
        if etherType == 0x8100 {
            vlan = frame.bigEndian16(at: 14) & 0x0FFF
            // Tagged for its priority only: rare, and its flow has no VLAN although its frame has a tag.
            guard vlan != 0 else { return (.none, 0, 0) }
            etherType = frame.bigEndian16(at: 16)
            octets = 18
        }
        if etherType == 0x0800 { return (.v4, vlan, octets) }
        return (etherType == 0x86DD ? .v6 : .none, vlan, octets)
    }

    @inline(always)
    public static func ipv4(_ packet: Span<UInt8>, vlan: UInt16, into info: inout PacketInfo) -> Bool {
        guard packet.count >= 28 else { return false }
        // Version 4, header without options, and neither "more fragments" nor an offset.
        guard packet[0] == 0x45, packet.bigEndian16(at: 6) & 0x3FFF == 0 else { return false }
        info.source = IPAddress(v4: packet.bigEndian32(at: 12))
        info.destination = IPAddress(v4: packet.bigEndian32(at: 16))
        info.vlan = vlan
        return transport(
            packet.extracting(droppingFirst: 20), protocol: packet[9], icmp: 1,
            claimed: Int(packet.bigEndian16(at: 2)) - 20, into: &info)
    }

    @inline(always)
    public static func ipv6(_ packet: Span<UInt8>, vlan: UInt16, into info: inout PacketInfo) -> Bool {
        guard packet.count >= 48, packet[0] >> 4 == 6 else { return false }
        info.source = IPAddress(v6: packet.bigEndian64(at: 8), packet.bigEndian64(at: 16))
        info.destination = IPAddress(v6: packet.bigEndian64(at: 24), packet.bigEndian64(at: 32))
        info.vlan = vlan
        return transport(
            packet.extracting(droppingFirst: 40), protocol: packet[6], icmp: 58,
            claimed: Int(packet.bigEndian16(at: 4)), into: &info)
    }

    /// - Parameters:
    ///   - segment: what was captured from the transport header on, at least 8 octets.
    ///   - icmp: the number of the ICMP that goes with the IP version; the other one is for the dissector.
    ///   - claimed: octets of transport header and payload by the IP header's length field.
    @inline(always)
    public static func transport(
        _ segment: Span<UInt8>, protocol number: UInt8, icmp: UInt8, claimed: Int, into info: inout PacketInfo
    ) -> Bool {
        guard segment.count >= 8 else { return false }
        info.protocol = IPProtocol(rawValue: number)
        let (source, destination) = (segment.bigEndian16(at: 0), segment.bigEndian16(at: 2))
        if number == 6 {
            guard segment.count >= 20 else { return false }
            let headerLength = Int(segment[12] >> 4) * 4
            guard headerLength >= 20, headerLength <= claimed else { return false }
            info.tcpFlags = TCPFlags(rawValue: segment[13])
        } else if number == 17 {
            guard claimed >= 8, !UDPTunnelPort.isTunnel(source), !UDPTunnelPort.isTunnel(destination) else {
                return false
            }
            info.tcpFlags = TCPFlags(rawValue: 0)
        } else if number == icmp {
            guard claimed >= 8 else { return false }
            info.tcpFlags = TCPFlags(rawValue: 0)
            info.sourcePort = 0
            info.destinationPort = 0
            return true
        } else {
            return false
        }
        info.sourcePort = source
        info.destinationPort = destination
        return true
    }
}

/// The UDP ports behind which a tunnel may run: such packets take the dissector's way.
public enum UDPTunnelPort {
    @inlinable @inline(__always)
    public static func isTunnel(_ port: UInt16) -> Bool {
        // One test sends nearly every port away.
        guard port >= lowest, port <= highest else { return false }
        switch port {
        // L2TP, GTP-U, Teredo, LISP data, GRE, VXLAN, VXLAN-GPE, CAPWAP data, GENEVE, MPLS
        case 1701, 2152, 3544, 4341, 4754, 4789, 4790, 5247, 6081, 6635: return true
        default: return false
        }
    }

    @inlinable @inline(__always) static var lowest: UInt16 { 1701 }
    @inlinable @inline(__always) static var highest: UInt16 { 6635 }

    /// Of a pair in one word, whether one is.
    @inlinable @inline(__always)
    public static func isTunnel(ports: UInt32) -> Bool {
        // The pair as a whole, and turned, so that it stays one load.
        let turned = ports << 16 | ports >> 16
        let (start, end) = (UInt32(lowest) << 16, (UInt32(highest) + 1) << 16)
        guard ports &- start < end - start || turned &- start < end - start else { return false }
        return hasTunnel(ports)
    }

    /// Kept apart: the loop it is asked in needs its registers.
    @inlinable @inline(never)
    static func hasTunnel(_ ports: UInt32) -> Bool {
        isTunnel(UInt16(truncatingIfNeeded: ports >> 16)) || isTunnel(UInt16(truncatingIfNeeded: ports))
    }
}
