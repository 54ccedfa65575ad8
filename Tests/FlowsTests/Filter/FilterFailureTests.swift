import Flows
import Testing

@Suite struct FilterFailureTests {
    static let cases: [(String, String)] = [
        (
            "tcp and",
            """
            expected a test such as "dst_port == 443" or "host 10.0.0.1" where the expression ends
              tcp and
                     ^
            """
        ),
        (
            "tcp porrt 80",
            """
            expected "and", "or" or the end, not "porrt"
              tcp porrt 80
                  ^~~~~
            """
        ),
        (
            "tpc and port 80",
            """
            "tpc" is not a field, keyword or address (did you mean tcp?)
              tpc and port 80
              ^~~
            """
        ),
        (
            "srcip == 1.2.3",
            """
            expected an IPv4 or IPv6 address or prefix, not "1.2.3"
              srcip == 1.2.3
                       ^~~~~
            """
        ),
        (
            "scr_ip == 10.0.0.1",
            """
            "scr_ip" is not a field, keyword or address (did you mean src_ip?)
              scr_ip == 10.0.0.1
              ^~~~~~
            """
        ),
        (
            "src_ip < 10.0.0.1",
            """
            expected ==, != or in, not "<"
              src_ip < 10.0.0.1
                     ^
            """
        ),
        (
            "src_ip == 10.0.0.0/33",
            """
            "10.0.0.0/33" is out of range: the prefix length is 0 to 32
              src_ip == 10.0.0.0/33
                        ^~~~~~~~~~~
            """
        ),
        (
            "dst_port == 65536",
            """
            "65536" is out of range: 0 to 65535
              dst_port == 65536
                          ^~~~~
            """
        ),
        (
            "dst_port == 99999999999999999999999",
            """
            "99999999999999999999999" is out of range: 0 to 65535
              dst_port == 99999999999999999999999
                          ^~~~~~~~~~~~~~~~~~~~~~~
            """
        ),
        (
            "dst_port == htpps",
            """
            "htpps" is not a port number or service name (did you mean https?)
              dst_port == htpps
                          ^~~~~
            """
        ),
        (
            "dst_port in {80, 443",
            """
            expected "," or "}" where the expression ends
              dst_port in {80, 443
                                  ^
            """
        ),
        (
            "dst_port in 80",
            """
            expected a set such as {80, 443}, not "80"
              dst_port in 80
                          ^~
            """
        ),
        (
            "dst_port in {90-80}",
            """
            "90-80" is out of range: the range ends before it starts
              dst_port in {90-80}
                           ^~~~~
            """
        ),
        (
            "protocol == tpc",
            """
            "tpc" is not a protocol name or number (did you mean tcp?)
              protocol == tpc
                          ^~~
            """
        ),
        (
            "tcp_flags has sin",
            """
            "sin" is not a TCP flag (did you mean fin?)
              tcp_flags has sin
                            ^~~
            """
        ),
        (
            "tcp_flags > syn",
            """
            expected has, == or !=, not ">"
              tcp_flags > syn
                        ^
            """
        ),
        (
            "length has 5",
            """
            expected a comparison; has is for tcp_flags, not "has"
              length has 5
                     ^~~
            """
        ),
        (
            "src_ip",
            """
            expected a comparison such as ==, != or in where the expression ends
              src_ip
                    ^
            """
        ),
        (
            "dst_port == 80 or 443",
            """
            expected a test; a bare number needs a qualifier such as "port", or a set: in {80, 443}, not "443"
              dst_port == 80 or 443
                                ^~~
            """
        ),
        (
            "dst_port == 80 or dst_port == 443 and tcp",
            """
            "and" after "or": add parentheses, (a or b) and c, or a or (b and c)
              dst_port == 80 or dst_port == 443 and tcp
                                                ^~~
            """
        ),
        (
            "(tcp or udp",
            """
            expected ")", "and" or "or" where the expression ends
              (tcp or udp
                         ^
            """
        ),
        (
            "tcp)",
            """
            expected "and", "or" or the end, not ")"
              tcp)
                 ^
            """
        ),
        (
            "host example.com",
            """
            expected an IPv4 or IPv6 address (names are not looked up), not "example.com"
              host example.com
                   ^~~~~~~~~~~
            """
        ),
        (
            "ip host ::1",
            """
            expected an IPv4 address after "ip", not "::1"
              ip host ::1
                      ^~~
            """
        ),
        (
            "icmp port 80",
            """
            expected host or net; this protocol has no ports, not "port"
              icmp port 80
                   ^~~~
            """
        ),
        (
            "net 10.0.0.0 mask 255.0.255.0",
            """
            expected an IPv4 network mask such as 255.255.0.0, not "255.0.255.0"
              net 10.0.0.0 mask 255.0.255.0
                                ^~~~~~~~~~~
            """
        ),
        (
            "arp",
            """
            "arp" is known to libpcap but not supported here: only IP packets have flows
              arp
              ^~~
            """
        ),
        (
            "tcp[tcpflags] & tcp-syn != 0",
            """
            "[" is known to libpcap but not supported here: write tcp_flags has syn
              tcp[tcpflags] & tcp-syn != 0
                 ^
            """
        ),
        (
            "vlan 4096",
            """
            "4096" is out of range: 0 to 4095
              vlan 4096
                   ^~~~
            """
        ),
        (
            "tcp ; udp",
            """
            expected "and", "or" or the end, not ";"
              tcp ; udp
                  ^
            """
        ),
        (
            "tcp\tand\n€ü",
            """
            expected a test such as "dst_port == 443" or "host 10.0.0.1", not "€"
              tcp and €ü
                      ^
            """
        ),
    ]

    @Test(arguments: cases) func pointsAtThePlace(text: String, message: String) {
        #expect { _ = try PacketFilter(parsing: text) } throws: { "\($0)" == message }
    }

    @Test func nestingIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "(", count: depth) + "tcp" + String(repeating: ")", count: depth)
        }
        _ = try PacketFilter(parsing: nested(PacketFilter.nestingMax))
        #expect { _ = try PacketFilter(parsing: nested(PacketFilter.nestingMax + 1)) } throws: {
            ($0 as? FilterFailure)?.reason == .tooDeep
        }
    }

    @Test func sizeIsBounded() throws {
        let longest = Array(repeating: "tcp", count: PacketFilter.testsMax).joined(separator: " or ")
        _ = try PacketFilter(parsing: longest)
        for text in [longest + " or tcp or tcp", String(repeating: " ", count: PacketFilter.textOctetsMax + 1)] {
            #expect { _ = try PacketFilter(parsing: text) } throws: { ($0 as? FilterFailure)?.reason == .tooLong }
        }
        // A run of `not` costs neither stack nor code.
        let negated = try PacketFilter(parsing: String(repeating: "!", count: 50_001) + "tcp")
        #expect(!negated.matches(Sample.web.packet))
    }

    /// The message of a long expression shows only the neighbourhood of the place.
    @Test func longExpressionsAreCut() throws {
        let text = String(repeating: "tcp or ", count: 500) + "tpc"
        let failure = #expect(throws: FilterFailure.self) { _ = try PacketFilter(parsing: text) }
        let lines = try #require(failure).description.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].hasSuffix("or tpc"))
        #expect(lines[1].count == lines[2].count)
    }
}
