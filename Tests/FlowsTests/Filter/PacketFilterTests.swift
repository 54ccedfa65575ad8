import Flows
import Headers
import Testing

/// Packets whose names say what they are; the cases below say which of them a filter takes.
enum Sample: String, CaseIterable {
    case web, webAnswer, dns6, ping, ping6, taggedSSH, sctp, laterFragment, cutPorts, gre, arp

    var packet: PacketInfo {
        let client = IPAddress(v4: 0x0A01_0203)
        let server = IPAddress(v4: 0xC000_0201)  // 10.1.2.3, 192.0.2.1
        let client6 = IPAddress(v6: 0x2001_0DB8_0000_0001, 7)
        let server6 = IPAddress(v6: 0x2001_0DB8_0000_0002, 8)
        func packet(
            _ source: IPAddress, _ destination: IPAddress, _ protocolNumber: IPProtocol,
            _ ports: (UInt16, UInt16) = (0, 0),
            length: UInt32 = 100, vlan: UInt16 = 0, flags: TCPFlags = [], fragment: FragmentState = .whole,
            marks: PacketMarks = []
        ) -> PacketInfo {
            PacketInfo(
                time: 1, wireLength: length, capturedLength: min(length, 96), source: source, destination: destination,
                protocol: protocolNumber, sourcePort: ports.0, destinationPort: ports.1, vlan: vlan, tcpFlags: flags,
                fragment: fragment, marks: marks)
        }
        return switch self {
        case .web: packet(client, server, .tcp, (40_000, 80), length: 74, flags: .syn)
        case .webAnswer: packet(server, client, .tcp, (80, 40_000), length: 1_514, flags: [.syn, .ack])
        case .dns6: packet(client6, server6, .udp, (5_353, 53), length: 120)
        case .ping: packet(client, server, .icmp)
        case .ping6: packet(client6, server6, .icmpv6)
        case .taggedSSH: packet(client, server, .tcp, (50_000, 22), vlan: 7, flags: [.psh, .ack])
        case .sctp: packet(server, client, .sctp, (36_412, 36_412))
        case .laterFragment: packet(client, server, .udp, fragment: .later, marks: .laterFragment)
        case .cutPorts: packet(client, server, .tcp, marks: .portsCut)
        case .gre: packet(client, server, .gre)
        case .arp: PacketInfo(time: 1, wireLength: 60, capturedLength: 60)
        }
    }
}

@Suite struct PacketFilterTests {
    static func matching(_ text: String) throws -> Set<Sample> {
        let filter = try PacketFilter(parsing: text)
        return Set(Sample.allCases.filter { filter.matches($0.packet) })
    }

    static let tcp: Set<Sample> = [.web, .webAnswer, .taggedSSH, .cutPorts]
    static let all = Set(Sample.allCases)
    static let v4: Set<Sample> = all.subtracting([.dns6, .ping6, .arp])

    static let comparisons: [(String, Set<Sample>)] = [
        ("", all), ("  \n", all),
        ("src_ip == 10.0.0.0/8", v4.subtracting([.webAnswer, .sctp])),
        ("src_ip == 10.1.2.3", v4.subtracting([.webAnswer, .sctp])),
        ("SrcIP = 192.0.2.1", [.webAnswer, .sctp]),
        ("src_ip != 10.0.0.0/8", [.webAnswer, .sctp, .dns6, .ping6]),
        ("dst_ip in {10.0.0.0/8, 2001:db8:0:2::/64}", [.webAnswer, .sctp, .dns6, .ping6]),
        ("dst_ip not in {10.0.0.0/8, 2001:db8:0:2::/64}", v4.subtracting([.webAnswer, .sctp])),
        ("src_ip == 0.0.0.0/0", v4), ("src_ip == ::/0", [.dns6, .ping6]),
        ("src_ip == 2001:db8:0:1::7", [.dns6, .ping6]), ("src_ip == 2001:db8:0:1::6/127", [.dns6, .ping6]),
        ("src_ip == 2001:db8:0:1::6", []),
        ("dst_port == 80", [.web]), ("dst_port == http", [.web]), ("dst_port in {80, 443}", [.web]),
        ("dst_port in {20-30, 53..53}", [.taggedSSH, .dns6]), ("src_port >= 1024", [.web, .dns6, .taggedSSH, .sctp]),
        ("src_port < 1024", [.webAnswer]), ("src_port <= 80", [.webAnswer]), ("src_port > 36412", [.web, .taggedSSH]),
        ("dst_port != 80", [.webAnswer, .dns6, .taggedSSH, .sctp]), ("dst_port < 0", []), ("dst_port > 65535", []),
        ("dst_port not in {80, 22}", [.webAnswer, .dns6, .sctp]),
        ("not dst_port in {80, 22}", all.subtracting([.web, .taggedSSH])),
        ("protocol == tcp", tcp), ("protocol == 6", tcp), ("proto == 0x06", tcp),
        ("protocol in {icmp, icmp6}", [.ping, .ping6]),
        ("protocol != tcp", all.subtracting(tcp).subtracting([.arp])), ("protocol == 47", [.gre]),
        ("vlan == 7", [.taggedSSH]), ("vlan == 0", all.subtracting([.taggedSSH])), ("vlan != 0", [.taggedSSH]),
        ("length > 1000", [.webAnswer]), ("len > 1000", [.webAnswer]),
        ("captured_length == 96", all.subtracting([.web, .arp])),
        ("length <= 60", [.arp]), ("ip_version == 6", [.dns6, .ping6]),
        ("tcp_flags has syn", [.web, .webAnswer]), ("tcp_flags has {syn, ack}", [.webAnswer]),
        ("tcp_flags == syn", [.web]), ("tcp_flags == 0x12", [.webAnswer]),
        ("tcp_flags != syn", [.webAnswer, .taggedSSH]),
    ]

    static let primitives: [(String, Set<Sample>)] = [
        ("host 10.1.2.3", v4), ("10.1.2.3", v4), ("src host 10.1.2.3", v4.subtracting([.webAnswer, .sctp])),
        ("src 192.0.2.1", [.webAnswer, .sctp]), ("dst net 10.0.0.0/8", [.webAnswer, .sctp]),
        ("dst net 10", [.webAnswer, .sctp]),
        ("net 192.0.2", v4), ("src net 10.1/16", v4.subtracting([.webAnswer, .sctp])), ("net 10.1.2.0", []),
        ("src net 192.0.2.0 mask 255.255.255.0", [.webAnswer, .sctp]), ("net 2001:db8::/32", [.dns6, .ping6]),
        ("host 2001:db8:0:2::8", [.dns6, .ping6]), ("src and dst net 2001:db8::/32", [.dns6, .ping6]),
        ("src or dst host 192.0.2.1", v4), ("dst or src 192.0.2.1", v4), ("src and dst net 10.0.0.0/8", []),
        ("port 80", [.web, .webAnswer]), ("src port 80", [.webAnswer]), ("dst port http", [.web]), ("port 53", [.dns6]),
        ("src and dst port 36412", [.sctp]), ("portrange 20-80", [.web, .webAnswer, .dns6, .taggedSSH]),
        ("dst portrange 20-30", [.taggedSSH]), ("tcp", tcp), ("udp", [.dns6, .laterFragment]), ("icmp", [.ping]),
        ("icmp6", [.ping6]), ("sctp", [.sctp]), ("gre", [.gre]), ("ip", v4), ("ip6", [.dns6, .ping6]),
        ("vlan", [.taggedSSH]),
        ("vlan 7", [.taggedSSH]), ("vlan 8", []), ("vlan and port 22", [.taggedSSH]), ("vlan 7 and tcp", [.taggedSSH]),
        ("tcp port 80", [.web, .webAnswer]), ("udp port 80", []), ("tcp dst port 80", [.web]),
        ("udp src portrange 5000-6000", [.dns6]),
        ("ip host 10.1.2.3", v4), ("ip6 net 2001:db8::/32", [.dns6, .ping6]), ("ip proto 47", [.gre]),
        ("ip proto \\tcp", tcp),
        ("ip proto tcp", tcp), ("ip6 proto 17", [.dns6]), ("proto udp", [.dns6, .laterFragment]),
        ("tcp host 192.0.2.1", tcp),
        ("less 74", [.web, .arp]), ("greater 1514", [.webAnswer]),
        // An identifier without a qualifier takes the last one.
        ("port 80 or 53", [.web, .webAnswer, .dns6]), ("tcp port 80 or 53", [.web, .webAnswer]),
        ("src host 192.0.2.1 or 2001:db8:0:1::7", [.webAnswer, .sctp, .dns6, .ping6]),
        ("host 10.1.2.3 and not 192.0.2.1", []), ("port (80 or 53)", [.web, .webAnswer, .dns6]),
        ("tcp and port (22 or 53)", [.taggedSSH]), ("dst port 53 or 80 or 22", [.dns6, .web, .taggedSSH]),
        ("(port 80) or 192.0.2.1", v4), ("net 10 or 192.0", v4),
    ]

    static let combinations: [(String, Set<Sample>)] = [
        ("tcp and port 80", [.web, .webAnswer]), ("tcp && !port 80", [.taggedSSH, .cutPorts]),
        ("not not icmp", [.ping]),
        ("icmp || icmp6", [.ping, .ping6]),
        ("! (tcp or udp)", all.subtracting(tcp).subtracting([.dns6, .laterFragment])),
        ("TCP AND NOT (Port 80 OR vlan)", [.cutPorts]),
        // Equal precedence from left to right, as pcap-filter(7): (icmp or tcp) and port 80.
        ("icmp or tcp and port 80", [.web, .webAnswer]), ("icmp or (tcp and port 80)", [.ping, .web, .webAnswer]),
        ("tcp and port 80 or icmp", [.ping, .web, .webAnswer]), ("not tcp and ip", v4.subtracting(tcp)),
        ("dst_port == 80 and protocol == tcp or icmp", [.web, .ping]),
        ("(dst_port == 80 or icmp) and ip", [.web, .ping]), ("dst_port == 80 or (icmp and ip)", [.web, .ping]),
        ("((((tcp))))", tcp), ("tcp_flags has syn and not tcp_flags has ack", [.web]),
    ]

    @Test(arguments: comparisons) func comparison(text: String, expected: Set<Sample>) throws {
        #expect(try Self.matching(text) == expected)
    }

    @Test(arguments: primitives) func primitive(text: String, expected: Set<Sample>) throws {
        #expect(try Self.matching(text) == expected)
    }

    @Test(arguments: combinations) func combination(text: String, expected: Set<Sample>) throws {
        #expect(try Self.matching(text) == expected)
    }

    /// A packet on one VLAN and the other VLAN's filter: all identifiers of 12 bits are told apart, the reserved
    /// one too, as packets may have it.
    @Test func everyVLANIsItsOwn() throws {
        let filter = try PacketFilter(parsing: "vlan 4094")
        #expect(filter.matches(PacketInfo(vlan: 4_094)))
        #expect(!filter.matches(PacketInfo(vlan: 4_093)))
        for text in ["vlan 4095", "vlan == 4095", "vlan in {7, 4094-4095}", "vlan > 4094"] {
            #expect(try PacketFilter(parsing: text).matches(PacketInfo(vlan: 4_095)), "\(text)")
            #expect(try !PacketFilter(parsing: text).matches(PacketInfo(vlan: 4_093)), "\(text)")
        }
    }
}
