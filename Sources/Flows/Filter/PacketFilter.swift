import Headers

/// A compiled `--where` expression: which packets are counted.
///
/// The language (docs/filter.md) has two kinds of tests over a packet's `PacketInfo`.
///
/// Key-field comparisons:
///
///     field op value          src_ip == 10.0.0.0/8    dst_port >= 1024    protocol == tcp    length > 1000
///     field [not] in { … }    dst_port in {80, 443, 8000-8080}
///     tcp_flags has flag      tcp_flags has syn       tcp_flags has {syn, ack}   (all of them)
///
/// Fields: `src_ip dst_ip src_port dst_port protocol ip_version vlan length captured_length tcp_flags`; case, `_` and
/// `-` do not count. A comparison with a field that a packet does not have is false, `!=` and `not in` included: an
/// ICMP packet matches neither `dst_port == 80` nor `dst_port != 80`. `vlan` is always there: 0 on an untagged frame.
///
/// Primitives of pcap-filter(7): `[proto] [src|dst|src or dst|src and dst] host|net|port|portrange|proto ID`, `tcp`,
/// `udp`, `icmp`, `icmp6`, `sctp`, `ip`, `ip6`, `vlan [N]`, `less N`, `greater N` …; an identifier without a qualifier
/// takes the last one: `port 80 or 443`. Differences: the tests see the same headers as the key does (through VLAN
/// tags and, with `--tunnels inner`, through tunnels), so `vlan` shifts nothing; `port` also means DCCP and UDP-Lite;
/// bits of an address beyond its prefix are ignored, not refused; names of hosts are not looked up.
///
/// `not` binds tightest. `and` and `or` bind equally, from left to right, as pcap-filter(7) has it. Other languages
/// let `and` bind tighter, so a chain in which the two readings differ (an `and` after an `or`) is refused where it
/// holds a key-field comparison: parentheses say which is meant.
public struct PacketFilter: Sendable {
    /// The expression as it was given.
    public let text: String
    /// Jumps lead forward only; `count` means the packet matches, `count + 1` that it does not.
    let instructions: [FilterInstruction]

    /// Most octets of an expression.
    public static let textOctetsMax = 1 << 16
    /// Most tests of an expression, each member of a set counted.
    public static let testsMax = 4096
    /// Most parentheses open at one place.
    public static let nestingMax = 64

    /// Compiles an expression. An empty one matches every packet.
    public init(parsing text: String) throws(FilterFailure) {
        self.text = text
        var parser = try FilterParser(text)
        instructions = try parser.parse()
    }

    /// Whether the expression holds for the packet. Allocates nothing and ends after at most `testsMax` steps.
    public func matches(_ packet: PacketInfo) -> Bool {
        var next = 0
        let code = instructions.span
        while next < code.count {
            // Read in place: an instruction is larger than the registers that a copy would take.
            next = Int(code[next].holds(packet) ? code[next].whenTrue : code[next].whenFalse)
        }
        return next == code.count
    }
}

extension PacketFilter: Equatable {
    public static func == (a: Self, b: Self) -> Bool { a.text == b.text }
}

extension PacketFilter: CustomStringConvertible {
    public var description: String { text }
}
