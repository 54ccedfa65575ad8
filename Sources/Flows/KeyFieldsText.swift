/// Key fields as text: `SrcIP,DstIP,SrcPort,DstPort,Protocol`, `SrcIP/24`, `DstIP/24/48,VLAN`, `5tuple`.
///
///     key    = word *("," word)
///     word   = ("SrcIP" / "DstIP") ["/" length ["/" length]] / "SrcPort" / "DstPort" / "Protocol" / "VLAN" / preset
///     preset = "5tuple" / "FiveTuple"
///
/// Case, `_` and `-` do not count, so `src_ip` and `five-tuple` are the same names. One length applies to both
/// families: `/24` keeps 24 bits of either; above 32 an IPv4 address is kept whole, so `/48` means 32 bits of IPv4 and
/// 48 of IPv6.
/// Two lengths are those of IPv4 and IPv6, in this order.
extension KeyFields {
    /// The names in the order in which they are printed.
    public static let names = ["SrcIP", "DstIP", "SrcPort", "DstPort", "Protocol", "VLAN"]
    static let presetNames = ["5tuple", "FiveTuple"]

    public init(parsing text: String) throws(KeyFieldsFailure) {
        self.init()
        guard text.utf8.contains(where: { $0 != UInt8(ascii: " ") }) else { throw .empty }
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            try add(word: KeyFields.trimmed(word))
        }
    }

    /// Adds the field or preset that one word names.
    public mutating func add(word: String) throws(KeyFieldsFailure) {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        let lengths = Array(parts.dropFirst())
        switch String(decoding: NearestName.folded(parts.first ?? ""), as: UTF8.self) {
        case "": throw .emptyWord
        case "srcip": try KeyFields.set(&source, word, lengths)
        case "dstip": try KeyFields.set(&destination, word, lengths)
        case "srcport": try KeyFields.set(&sourcePort, word, lengths)
        case "dstport": try KeyFields.set(&destinationPort, word, lengths)
        case "protocol", "proto": try KeyFields.set(&`protocol`, word, lengths)
        case "vlan": try KeyFields.set(&vlan, word, lengths)
        case "5tuple", "fivetuple":
            guard lengths.isEmpty else { throw .prefixNotAllowed(word: word) }
            for name in KeyFields.names.prefix(5) { try add(word: name) }
        default:
            let known = KeyFields.names + KeyFields.presetNames
            throw .unknownField(word: word, nearest: NearestName.find(String(parts[0]), among: known))
        }
    }

    private static func set(_ field: inout Bool, _ word: String, _ lengths: [Substring]) throws(KeyFieldsFailure) {
        guard lengths.isEmpty else { throw .prefixNotAllowed(word: word) }
        guard !field else { throw .duplicate(word: word) }
        field = true
    }

    private static func set(
        _ field: inout AddressPrefix?, _ word: String, _ lengths: [Substring]
    ) throws(KeyFieldsFailure) {
        guard field == nil else { throw .duplicate(word: word) }
        switch lengths.count {
        case 0: field = .whole
        case 1:
            let both = try length(lengths[0], upTo: 128, in: word)
            field = AddressPrefix(v4: min(both, 32), v6: both)
        case 2:
            field = AddressPrefix(
                v4: try length(lengths[0], upTo: 32, in: word), v6: try length(lengths[1], upTo: 128, in: word))
        default: throw .wrongPrefix(word: word, max: 128)
        }
    }

    private static func length(_ text: Substring, upTo max: UInt8, in word: String) throws(KeyFieldsFailure) -> UInt8 {
        guard let value = UInt8(text), value <= max, text.utf8.first != UInt8(ascii: "+") else {
            throw .wrongPrefix(word: word, max: max)
        }
        return value
    }

    private static func trimmed(_ word: Substring) -> String {
        var rest = word
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}

extension KeyFields: CustomStringConvertible {
    /// The canonical text; parsing it gives the same fields.
    public var description: String {
        var words: [String] = []
        if let source { words.append("SrcIP\(source.suffix)") }
        if let destination { words.append("DstIP\(destination.suffix)") }
        if sourcePort { words.append("SrcPort") }
        if destinationPort { words.append("DstPort") }
        if `protocol` { words.append("Protocol") }
        if vlan { words.append("VLAN") }
        return words.joined(separator: ",")
    }
}

extension AddressPrefix {
    /// The shortest suffix of a field name that means this: nothing, `/48`, or `/24/48`.
    var suffix: String {
        if self == .whole { return "" }
        return v4 == min(v6, 32) ? "/\(v6)" : "/\(v4)/\(v6)"
    }
}

extension KeyFields {
    /// Whether a task can be bidirectional with it.
    public var isSymmetric: Bool { (try? requireSymmetry()) != nil }

    /// Whether a packet and its answer have the same key once both directions are merged: each source field stands
    /// with its destination field, addresses with equal prefixes. Bidirectional tasks need it.
    public func requireSymmetry() throws(KeyFieldsFailure) {
        if source != destination {
            throw .asymmetric(
                present: source.map { "SrcIP\($0.suffix)" } ?? "",
                partner: destination.map { "DstIP\($0.suffix)" } ?? "")
        }
        if sourcePort != destinationPort {
            throw .asymmetric(present: sourcePort ? "SrcPort" : "", partner: destinationPort ? "DstPort" : "")
        }
    }
}
