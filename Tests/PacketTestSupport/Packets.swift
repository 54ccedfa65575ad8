import Headers
import Octets

/// Packets and frames built from the inside out: each function puts its header before a payload.
public enum Packets {
    public static let alice = IPAddress(v4: 0xC000_0201)
    public static let bob = IPAddress(v4: 0xC633_6402)
    public static let alice6 = IPAddress(v6: 0x2001_0DB8_0000_0001, 0x1)
    public static let bob6 = IPAddress(v6: 0x2001_0DB8_0000_0002, 0x2)
    /// The ends of tunnels.
    public static let gateA = IPAddress(v4: 0x0A00_0001)
    public static let gateB = IPAddress(v4: 0x0A00_0002)

    public static let macA = MACAddress(rawValue: 0x0200_0000_0001)
    public static let macB = MACAddress(rawValue: 0x0200_0000_0002)

    public static func ethernet(_ type: EtherType, _ payload: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        EthernetFields(destination: macB, source: macA, type: type).emit(into: &out)
        return out + payload
    }

    public static func vlan(_ identifier: UInt16, _ type: EtherType, _ payload: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        VLANFields(identifier: identifier, type: type, priority: 5).emit(into: &out)
        return out + payload
    }

    public static func ipv4(
        _ protocol: IPProtocol, _ payload: [UInt8], from source: IPAddress = alice, to destination: IPAddress = bob,
        adjust: (inout IPv4Fields) -> Void = { _ in }
    ) -> [UInt8] {
        var fields = IPv4Fields(
            source: UInt32(truncatingIfNeeded: source.low), destination: UInt32(truncatingIfNeeded: destination.low),
            protocol: `protocol`)
        adjust(&fields)
        var out: [UInt8] = []
        fields.emit(into: &out, payloadLength: payload.count)
        return out + payload
    }

    public static func ipv6(
        _ nextHeader: IPProtocol, _ payload: [UInt8], from source: IPAddress = alice6,
        to destination: IPAddress = bob6
    ) -> [UInt8] {
        var out: [UInt8] = []
        IPv6Fields(source: source, destination: destination, nextHeader: nextHeader)
            .emit(into: &out, payloadLength: payload.count)
        return out + payload
    }

    public static func udp(
        _ sourcePort: UInt16, _ destinationPort: UInt16, _ payload: [UInt8] = [1, 2, 3, 4],
        from source: IPAddress = alice,
        to destination: IPAddress = bob
    ) -> [UInt8] {
        var out: [UInt8] = []
        UDPFields(sourcePort: sourcePort, destinationPort: destinationPort)
            .emit(into: &out, payload: payload.span, source: source, destination: destination)
        return out + payload
    }

    public static func tcp(
        _ sourcePort: UInt16, _ destinationPort: UInt16, _ payload: [UInt8] = [1, 2, 3, 4],
        flags: TCPFlags = [.psh, .ack]
    ) -> [UInt8] {
        var out: [UInt8] = []
        TCPFields(sourcePort: sourcePort, destinationPort: destinationPort, flags: flags)
            .emit(into: &out, payload: payload.span, source: alice, destination: bob)
        return out + payload
    }

    public static func sctp(_ sourcePort: UInt16, _ destinationPort: UInt16) -> [UInt8] {
        let chunk: [UInt8] = [0x0A, 0, 0, 4]
        var out: [UInt8] = []
        SCTPFields(sourcePort: sourcePort, destinationPort: destinationPort).emit(into: &out, chunks: chunk.span)
        return out + chunk
    }

    public static func echoRequest() -> [UInt8] {
        let payload: [UInt8] = [0x61, 0x62]
        var out: [UInt8] = []
        ICMPFields(type: 8, rest: 0x0001_0002).emit(into: &out, payload: payload.span)
        return out + payload
    }

    /// The inner packet of the tunnel tests, without and with an Ethernet header.
    public static let innerIP = ipv4(.tcp, tcp(40_000, 443))
    public static let innerFrame = ethernet(.ipv4, innerIP)

    /// An Ethernet frame with an IPv4 packet between the tunnel's ends.
    public static func tunnelled(_ protocol: IPProtocol, _ payload: [UInt8]) -> [UInt8] {
        ethernet(.ipv4, ipv4(`protocol`, payload, from: gateA, to: gateB))
    }

    /// The same by UDP, from a high port to the tunnel's.
    public static func tunnelled(toPort port: UInt16, _ payload: [UInt8]) -> [UInt8] {
        tunnelled(.udp, udp(50_000, port, payload, from: gateA, to: gateB))
    }

    public static func gre(_ fields: GREFields, _ payload: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        fields.emit(into: &out, payload: payload.span)
        return out + payload
    }

    public static func mpls(_ labels: [UInt32], _ payload: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        for (index, label) in labels.enumerated() {
            MPLSLabelFields(label: label, isBottom: index == labels.count - 1).emit(into: &out)
        }
        return out + payload
    }

    public static func pppoe(_ ppp: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        PPPoEFields(session: 7, length: UInt16(ppp.count)).emit(into: &out)
        return out + ppp
    }

    public static func vxlan(_ payload: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        VXLANFields(identifier: 42).emit(into: &out)
        return out + payload
    }

    /// LLC with SNAP for an EtherType.
    public static func snap(_ type: EtherType, _ payload: [UInt8], organisation: [UInt8] = [0, 0, 0]) -> [UInt8] {
        [0xAA, 0xAA, 0x03] + organisation + octets(type.rawValue) + payload
    }

    /// A number in network byte order.
    public static func octets(_ value: UInt16) -> [UInt8] {
        var out: [UInt8] = []
        out.appendBigEndian(value)
        return out
    }
}
