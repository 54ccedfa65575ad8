import Octets

/// A few names that many others are compared with, without regard to ASCII case.
struct NameSet: Sendable {
    private let names: [[UInt8]]
    /// Bit n: there is a name of n octets; bit 63: of 63 or more. Most comparisons end here.
    private let lengths: UInt64
    let lengthMax: Int

    init(_ names: [String]) {
        self.names = names.map { name in name.utf8.map(Self.lowercased) }
        lengths = self.names.reduce(0) { $0 | 1 << UInt64(min($1.count, 63)) }
        lengthMax = self.names.reduce(0) { max($0, $1.count) }
    }

    var isEmpty: Bool { names.isEmpty }

    @inline(__always)
    func contains(_ name: Span<UInt8>) -> Bool { mayContain(octets: name.count) && hasEqual(name) }

    /// False where no name has so many octets.
    @inline(__always)
    func mayContain(octets count: Int) -> Bool { lengths &>> UInt64(min(count, 63)) & 1 != 0 }

    private func hasEqual(_ name: Span<UInt8>) -> Bool {
        for candidate in names where Self.equal(candidate.span, name) { return true }
        return false
    }

    /// Whether one of the names begins so, or is all of it.
    func isBeginning(_ text: Span<UInt8>) -> Bool {
        guard text.count <= lengthMax else { return false }
        for name in names where name.count >= text.count && Self.equal(name.span.extracting(0..<text.count), text) {
            return true
        }
        return false
    }

    /// - Parameter lower: in lower case.
    static func equal(_ lower: Span<UInt8>, _ text: Span<UInt8>) -> Bool {
        guard lower.count == text.count else { return false }
        for index in lower.indices where lower[index] != lowercased(text[index]) { return false }
        return true
    }

    @inline(__always)
    static func lowercased(_ octet: UInt8) -> UInt8 { octet &- 0x41 < 26 ? octet | 0x20 : octet }
}
