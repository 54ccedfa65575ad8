/// A key that was pressed.
public enum TopKey: Equatable, Sendable {
    case up, down, left, right, pageUp, pageDown, home, end
    case enter, escape, backspace, interrupt
    case character(Character)

    /// The keys in what a terminal sent: characters in UTF-8, and the sequences of ECMA-48 that terminals agree on.
    /// What is not known is passed over.
    public static func keys(in octets: [UInt8]) -> [TopKey] {
        var keys: [TopKey] = []
        var rest = octets[...]
        while let first = rest.first {
            rest = rest.dropFirst()
            switch first {
            case 0x03: keys.append(.interrupt)
            case 0x08, 0x7F: keys.append(.backspace)
            case 0x0A, 0x0D: keys.append(.enter)
            case 0x1B:
                guard let next = rest.first, next == UInt8(ascii: "[") || next == UInt8(ascii: "O") else {
                    keys.append(.escape)
                    continue
                }
                rest = rest.dropFirst()
                // Parameters, intermediate octets, and the one that ends it.
                let parameters = rest.prefix { 0x20...0x3F ~= $0 }
                rest = rest.dropFirst(parameters.count)
                if let key = key(parameters, rest.first ?? 0) { keys.append(key) }
                rest = rest.dropFirst()
            case ..<0x20: break
            default:
                let count = first < 0x80 ? 0 : first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1
                let text = String(decoding: [first] + rest.prefix(count), as: UTF8.self)
                rest = rest.dropFirst(count)
                if let character = text.first, character != "\u{FFFD}" { keys.append(.character(character)) }
            }
        }
        return keys
    }

    private static func key(_ parameters: ArraySlice<UInt8>, _ last: UInt8) -> TopKey? {
        switch (last, parameters.first) {
        case (UInt8(ascii: "A"), _): .up
        case (UInt8(ascii: "B"), _): .down
        case (UInt8(ascii: "C"), _): .right
        case (UInt8(ascii: "D"), _): .left
        case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), UInt8(ascii: "1")): .home
        case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), UInt8(ascii: "4")): .end
        case (UInt8(ascii: "~"), UInt8(ascii: "5")): .pageUp
        case (UInt8(ascii: "~"), UInt8(ascii: "6")): .pageDown
        default: nil
        }
    }
}
