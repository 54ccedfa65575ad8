import Octets

/// The name of a thread as the kernel keeps it (`comm`, `TASK_COMM_LEN` of include/linux/sched.h): 16 octets, the last
/// one 0. Whoever runs the program chooses it, so any octets may stand there.
///
/// Held in two words: comparing and hashing cost what they cost for a number, and nothing is allocated.
@frozen public struct CommandName: Hashable, Sendable {
    /// The first eight octets, the first in the lowest bits; `high` the other eight.
    public let low: UInt64, high: UInt64

    public static let octetsMax = 15

    @inline(always) public init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// The 16 octets at `offset`: those behind the first 0 count for nothing. Traps if they are not there.
    @inline(always) public init(_ record: Span<UInt8>, at offset: Int) {
        let low = record.littleEndian64(at: offset)
        let high = record.littleEndian64(at: offset + 8)
        let first = Self.octetsBeforeZero(low)
        self.low = Self.lowest(first, of: low)
        self.high = first == 8 ? Self.lowest(min(Self.octetsBeforeZero(high), 7), of: high) : 0
    }

    /// No name is known.
    public static let none = CommandName(low: 0, high: 0)

    /// The first 15 octets up to a 0.
    public init(_ octets: [UInt8]) { self.init(octets.span) }

    /// The first 15 octets up to a 0.
    public init(_ octets: Span<UInt8>) {
        var words: (low: UInt64, high: UInt64) = (0, 0)
        for index in 0..<min(octets.count, Self.octetsMax) {
            let octet = octets[index]
            if octet == 0 { break }
            if index < 8 {
                words.low |= UInt64(octet) << UInt64(8 * index)
            } else {
                words.high |= UInt64(octet) << UInt64(8 * (index - 8))
            }
        }
        self.init(low: words.low, high: words.high)
    }

    /// 0 ... 15.
    public var count: Int {
        let first = Self.octetsBeforeZero(low)
        return first == 8 ? 8 + Self.octetsBeforeZero(high) : first
    }

    public var octets: [UInt8] {
        let padded = padded
        return (0..<count).map { padded[$0] }
    }

    /// All 16 octets; `count` of them are the name. For those who want a span and no allocation.
    public var padded: [16 of UInt8] {
        InlineArray { UInt8(truncatingIfNeeded: ($0 < 8 ? low : high) >> UInt64(8 * ($0 & 7))) }
    }

    /// How many octets of a word stand before its first 0, the lowest first; 8 without one.
    @inlinable @inline(__always) static func octetsBeforeZero(_ word: UInt64) -> Int {
        // The lowest marked octet is the first 0: borrows only reach octets above it.
        let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
        return zeros.trailingZeroBitCount >> 3
    }

    @inlinable @inline(__always) static func lowest(_ count: Int, of word: UInt64) -> UInt64 {
        count == 8 ? word : word & (1 << UInt64(8 * count) &- 1)
    }
}

extension OctetBuffer {
    /// Appends the name so that it stays on its line and cannot drive a terminal (`TerminalText`).
    public mutating func append(terminal name: CommandName) {
        let count = name.count
        let clean = (
            low: OctetFlags.notPrintable(name.low).trailingZeroBitCount >> 3,
            high: OctetFlags.notPrintable(name.high).trailingZeroBitCount >> 3
        )
        if clean.low >= min(count, 8), clean.high >= count - 8 {
            write(atMost: CommandName.octetsMax) {
                $0.append(word: name.low, count: min(count, 8))
                $0.append(word: name.high, count: max(0, count - 8))
            }
            return
        }
        let octets = name.padded
        append(terminal: octets.span.extracting(0..<name.count), .escaped)
    }
}
