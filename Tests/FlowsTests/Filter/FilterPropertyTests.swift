import CaptureTestSupport
import Flows
import Headers
import Testing

/// The language's meaning written down a second time, as a tree that is walked: what the compiled code must agree with.
indirect enum FilterTree {
    case field(Field, Sign, [UInt64], inSet: Bool)
    case address(source: Bool, IPAddress, length: Int, negated: Bool)
    case flags(UInt8)
    case both(FilterTree, FilterTree)
    case either(FilterTree, FilterTree)
    case not(FilterTree)

    enum Field: String, CaseIterable {
        case sourcePort = "src_port"
        case destinationPort = "dst_port"
        case `protocol`
        case version = "ip_version"
        case vlan
        case length
        case capturedLength = "captured_length"
    }

    enum Sign: String, CaseIterable {
        case equal = "==", notEqual = "!=", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
    }

    func holds(_ packet: PacketInfo) -> Bool {
        switch self {
        case .field(let field, let sign, let values, let inSet):
            guard let value = Self.value(field, packet) else { return false }
            if inSet { return values.contains(value) == (sign == .equal) }
            return switch sign {
            case .equal: value == values[0]
            case .notEqual: value != values[0]
            case .less: value < values[0]
            case .lessOrEqual: value <= values[0]
            case .greater: value > values[0]
            case .greaterOrEqual: value >= values[0]
            }
        case .address(let source, let wanted, let length, let negated):
            guard packet.source.family != .none else { return false }
            let address = source ? packet.source : packet.destination
            return
                (address.family == wanted.family && Self.bits(address).starts(with: Self.bits(wanted).prefix(length)))
                != negated
        case .flags(let mask):
            return packet.protocol == .tcp && packet.source.family != .none && packet.fragment != .later
                && packet.tcpFlags.rawValue & mask == mask
        case .both(let a, let b): return a.holds(packet) && b.holds(packet)
        case .either(let a, let b): return a.holds(packet) || b.holds(packet)
        case .not(let a): return !a.holds(packet)
        }
    }

    private static func value(_ field: Field, _ packet: PacketInfo) -> UInt64? {
        let hasPorts =
            packet.source.family != .none && packet.fragment != .later
            && [6, 17, 132].contains(packet.protocol.rawValue)
        return switch field {
        case .sourcePort: hasPorts ? UInt64(packet.sourcePort) : nil
        case .destinationPort: hasPorts ? UInt64(packet.destinationPort) : nil
        case .protocol: packet.source.family == .none ? nil : UInt64(packet.protocol.rawValue)
        case .version: packet.source.family == .none ? nil : UInt64(packet.source.family.rawValue)
        case .vlan: UInt64(packet.vlan)
        case .length: UInt64(packet.wireLength)
        case .capturedLength: UInt64(packet.capturedLength)
        }
    }

    private static func bits(_ address: IPAddress) -> [Bool] {
        let v6 =
            (0..<64).map { address.high >> UInt64(63 - $0) & 1 == 1 }
            + (0..<64).map { address.low >> UInt64(63 - $0) & 1 == 1 }
        return address.family == .v6 ? v6 : Array(v6.suffix(32))
    }

    /// The expression as text. Random white space, spellings and superfluous parentheses mean nothing.
    func text(_ random: inout some RandomNumberGenerator) -> String {
        switch self {
        case .field(let field, let sign, let values, let inSet):
            let name = Bool.random(using: &random) ? field.rawValue : field.rawValue.uppercased()
            let texts = values.map { Bool.random(using: &random) ? "\($0)" : "0x" + String($0, radix: 16) }
            if inSet { return name + (sign == .equal ? " in {" : " not in { ") + texts.joined(separator: ",") + "}" }
            return name + sign.rawValue + " " + texts[0]
        case .address(let source, let address, let length, let negated):
            return (source ? "src_ip " : "dst_ip") + (negated ? "!=" : "==") + "\(address)/\(length)"
        case .flags(let mask):
            let names = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"]
            return "tcp_flags has {"
                + names.indices.filter { mask >> $0 & 1 == 1 }.map { names[$0] }.joined(separator: ", ") + "}"
        case .both(let a, let b):
            return "(\(a.text(&random)))" + [" and ", "&&", "\tAND\n"].randomElement(using: &random)!
                + "(\(b.text(&random)))"
        case .either(let a, let b):
            return "(\(a.text(&random)))" + [" or ", "||"].randomElement(using: &random)! + "(\(b.text(&random)))"
        case .not(let a): return ["not ", "! "].randomElement(using: &random)! + "(\(a.text(&random)))"
        }
    }
}

@Suite struct FilterPropertyTests {
    @Test(arguments: 0..<40 as Range<UInt64>) func compiledCodeAgreesWithTheTree(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let tree = Self.tree(depth: 6, &random)
            let text = tree.text(&random)
            let filter = try PacketFilter(parsing: text)
            for _ in 0..<20 {
                let packet = Self.packet(&random)
                #expect(filter.matches(packet) == tree.holds(packet), "\(text)\n\(packet)")
            }
        }
    }

    /// Any text either parses or gives a message whose column lies in it; nothing traps.
    @Test(arguments: 0..<20 as Range<UInt64>) func anyTextIsParsedOrExplained(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let words = [
            "src", "dst", "host", "net", "port", "portrange", "proto", "tcp", "ip", "ip6", "vlan", "less", "and", "or",
            "not", "!",
            "(", ")", "{", "}", ",", "==", "<", ">", "in", "has", "10.0.0.0/8", "10", "::1", "80", "80-90", "0x",
            "src_ip", "dst_port",
            "tcp_flags", "mask", "255.0.0.0", "-", "/", "[", "ü", "\u{0}", "99999999999999999999", "1-", "..", "0x-1",
            "\\tcp", "icmp",
        ]
        for _ in 0..<2_000 {
            let text = (0..<Int.random(in: 1...8, using: &random)).map { _ in words.randomElement(using: &random)! }
                .joined(separator: " ")
            do {
                let filter = try PacketFilter(parsing: text)
                _ = filter.matches(Self.packet(&random))
            } catch {
                #expect(1...(text.count + 1) ~= error.column, "\(error)")
                #expect(error.column - 1 + error.length <= max(text.count, error.column), "\(error)")
                #expect(!error.description.isEmpty)
            }
        }
    }

    private static let addresses = [
        IPAddress(v4: 0x0A00_0001), IPAddress(v4: 0x0A00_00FF), IPAddress(v4: 0xC0A8_0001),
        IPAddress(v6: 0x2001_0DB8_0000_0000, 1),
        IPAddress(v6: 0x2001_0DB8_0000_0000, 0x8000_0000_0000_0001), IPAddress(v6: 0x2001_0DB9_0000_0000, 1),
    ]
    /// Few values, so that comparisons hold often.
    private static let numbers: [UInt64] = [0, 1, 4, 6, 17, 58, 80, 100]

    private static func tree(depth: Int, _ random: inout SeededGenerator) -> FilterTree {
        switch depth == 0 ? 0 : Int.random(in: 0...7, using: &random) {
        case 5: return .both(tree(depth: depth - 1, &random), tree(depth: depth - 1, &random))
        case 6: return .either(tree(depth: depth - 1, &random), tree(depth: depth - 1, &random))
        case 7: return .not(tree(depth: depth - 1, &random))
        default: return leaf(&random)
        }
    }

    private static func leaf(_ random: inout SeededGenerator) -> FilterTree {
        switch Int.random(in: 0...4, using: &random) {
        case 0:
            let address = addresses.randomElement(using: &random)!
            let length = Int.random(in: 0...(address.family == .v4 ? 32 : 128), using: &random)
            return .address(source: .random(using: &random), address, length: length, negated: .random(using: &random))
        case 1: return .flags(UInt8.random(in: 1...31, using: &random))
        case 2:
            let values = (0...Int.random(in: 0...3, using: &random)).map { _ in numbers.randomElement(using: &random)! }
            let sign: FilterTree.Sign = Bool.random(using: &random) ? .equal : .notEqual
            return .field(FilterTree.Field.allCases.randomElement(using: &random)!, sign, values, inSet: true)
        default:
            return .field(
                FilterTree.Field.allCases.randomElement(using: &random)!,
                FilterTree.Sign.allCases.randomElement(using: &random)!,
                [numbers.randomElement(using: &random)!], inSet: false)
        }
    }

    private static func packet(_ random: inout SeededGenerator) -> PacketInfo {
        func number(_ random: inout SeededGenerator) -> UInt64 { numbers.randomElement(using: &random)! }
        let source = addresses.randomElement(using: &random)!
        let destination = addresses.filter { $0.family == source.family }.randomElement(using: &random)!
        var packet = PacketInfo(
            wireLength: UInt32(number(&random)), capturedLength: UInt32(number(&random)), source: source,
            destination: destination,
            protocol: IPProtocol(rawValue: [1, 6, 6, 17, 58, 132].randomElement(using: &random)!),
            sourcePort: UInt16(number(&random)), destinationPort: UInt16(number(&random)),
            vlan: UInt16(number(&random)),
            tcpFlags: TCPFlags(rawValue: .random(in: 0...31, using: &random)))
        switch Int.random(in: 0...9, using: &random) {
        case 0: packet.fragment = .later
        case 1: (packet.source, packet.destination) = (.none, .none)
        default: break
        }
        return packet
    }
}
