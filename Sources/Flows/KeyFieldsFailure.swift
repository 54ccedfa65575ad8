/// What is wrong with a key, for the person who wrote it.
public enum KeyFieldsFailure: Error, Equatable, Sendable {
    /// No field at all.
    case empty
    /// Nothing between two commas.
    case emptyWord
    case unknownField(word: String, nearest: String?)
    case duplicate(word: String)
    /// A prefix length on something that is not an address.
    case prefixNotAllowed(word: String)
    /// A prefix length that is no number, too long, or the third.
    case wrongPrefix(word: String, max: UInt8)
    /// A bidirectional task whose key tells the directions apart. An empty name is a field that is missing.
    case asymmetric(present: String, partner: String)
}

extension KeyFieldsFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "a key needs at least one field, such as SrcIP"
        case .emptyWord: "a key field is missing between two commas or at an end"
        case .unknownField(let word, let nearest):
            "\"\(word)\" is not a key field" + (nearest.map { " (did you mean \($0)?)" } ?? "")
                + "; the fields are \(KeyFields.names.joined(separator: ", "))"
        case .duplicate(let word): "\"\(word)\" names a field that the key has already"
        case .prefixNotAllowed(let word): "\"\(word)\": only SrcIP and DstIP take a prefix length"
        case .wrongPrefix(let word, let max):
            "\"\(word)\": a prefix length is 0 to \(max); "
                + "write SrcIP/24 for both families or SrcIP/24/48 for IPv4 and IPv6"
        case .asymmetric(let present, let partner):
            switch (present.isEmpty, partner.isEmpty) {
            case (false, true): "a bidirectional key needs both ends: \(present) is there, its partner is not"
            case (true, false): "a bidirectional key needs both ends: \(partner) is there, its partner is not"
            default: "a bidirectional key needs equal prefixes at both ends: \(present) is not \(partner)"
            }
        }
    }
}
