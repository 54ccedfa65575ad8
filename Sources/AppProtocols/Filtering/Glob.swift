/// A pattern in which `*` stands for any octets, none included, and everything else for itself.
public struct Glob: Hashable, Sendable {
    private let pattern: [UInt8]
    private let ignoresCase: Bool

    private static let star = UInt8(ascii: "*")

    public init(_ text: String, ignoresCase: Bool = false) {
        pattern = text.utf8.map { ignoresCase ? Self.lowercased($0) : $0 }
        self.ignoresCase = ignoresCase
    }

    /// The pattern has this octet.
    func contains(_ octet: UInt8) -> Bool { pattern.contains(octet) }

    public func matches(_ octets: Span<UInt8>) -> Bool {
        var (index, place) = (0, 0)
        // Where the last star stands, and how far what it covers goes: there it goes on when the rest does not fit.
        // What an earlier star covers need not be looked at again, so the time is at most the product of the lengths.
        var star: (place: Int, index: Int)?
        while index < octets.count {
            let octet = ignoresCase ? Self.lowercased(octets[index]) : octets[index]
            if place < pattern.count, pattern[place] == Self.star {
                star = (place, index)
                place += 1
            } else if place < pattern.count, pattern[place] == octet {
                index += 1
                place += 1
            } else if let last = star {
                star = (last.place, last.index + 1)
                index = last.index + 1
                place = last.place + 1
            } else {
                return false
            }
        }
        while place < pattern.count, pattern[place] == Self.star { place += 1 }
        return place == pattern.count
    }

    private static func lowercased(_ octet: UInt8) -> UInt8 { 0x41...0x5A ~= octet ? octet | 0x20 : octet }
}
