import Octets

/// Builds one JSON value (RFC 8259) in order, commas included. Rows are built faster by `JSONRowFormat`.
public struct JSONText: Sendable {
    public private(set) var text = ""
    /// Whether a comma is due before the next element or member.
    private var needsComma = false

    public init() {}

    /// A member's name; its value follows.
    public mutating func name(_ name: String) {
        separate()
        text += Self.quoted(name) + ":"
        needsComma = false
    }

    public mutating func object(_ body: (inout JSONText) -> Void) { nest("{", "}", body) }

    public mutating func array<Elements: Sequence>(
        _ elements: Elements, _ body: (inout JSONText, Elements.Element) -> Void
    ) {
        nest("[", "]") { json in
            for element in elements { body(&json, element) }
        }
    }

    public mutating func string(_ value: String) { scalar(Self.quoted(value)) }
    public mutating func number(_ value: some BinaryInteger) { scalar("\(value)") }
    public mutating func null() { scalar("null") }
    public mutating func bool(_ value: Bool) { scalar(value ? "true" : "false") }
    /// A number with at most three decimals; JSON has no infinities, so they become `null`.
    public mutating func number(_ value: Double) { scalar(value.isFinite ? HumanUnits.decimal(value, 3) : "null") }

    public mutating func member(_ name: String, _ value: String) {
        self.name(name)
        string(value)
    }

    public mutating func member(_ name: String, _ value: some BinaryInteger) {
        self.name(name)
        number(value)
    }

    public mutating func member(_ name: String, _ value: Bool) {
        self.name(name)
        bool(value)
    }

    public mutating func member(_ name: String, _ value: Double) {
        self.name(name)
        number(value)
    }

    private mutating func scalar(_ value: String) {
        separate()
        text += value
    }

    private mutating func separate() {
        if needsComma { text += "," }
        needsComma = true
    }

    private mutating func nest(_ open: String, _ close: String, _ body: (inout JSONText) -> Void) {
        separate()
        text += open
        needsComma = false
        body(&self)
        text += close
        needsComma = true
    }

    /// A string with its quotes; `"`, `\` and control characters escaped (RFC 8259 § 7).
    public static func quoted(_ value: String) -> String {
        var octets: [UInt8] = [0x22]
        for octet in SystemName.repaired(value).utf8 {
            switch octet {
            case 0x22, 0x5C: octets += [0x5C, octet]
            case 0x0A: octets += Array("\\n".utf8)
            case 0x0D: octets += Array("\\r".utf8)
            case 0x09: octets += Array("\\t".utf8)
            case ..<0x20:
                octets += Array("\\u00".utf8)
                octets += [octet >> 4 | 0x30, octet & 15 < 10 ? octet & 15 | 0x30 : octet & 15 + 0x57]
            default: octets.append(octet)
            }
        }
        return String(decoding: octets + [0x22], as: UTF8.self)
    }
}
