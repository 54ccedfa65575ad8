/// A write position in memory that the caller owns: text and binary rows are built here, without a capacity check, a
/// reference count or a call per octet.
///
/// Every store is bounds-checked. Wide stores always touch eight octets, of which `count` stay, so the memory must
/// reach `slack` octets beyond what is written; `OctetBuffer.write` sees to that.
public struct OctetWriter: ~Copyable, ~Escapable {
    /// How far behind the last octet a wide store may reach.
    public static let slack = 8

    @usableFromInline var octets: MutableSpan<UInt8>
    /// Where the next octet goes.
    public var position: Int

    @inline(always)
    @_lifetime(copy octets)
    public init(_ octets: consuming MutableSpan<UInt8>, at position: Int = 0) {
        self.octets = octets
        self.position = position
    }

    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(_ octet: UInt8) {
        octets[position] = octet
        position &+= 1  // the store above proved that `position` is below the span's count
    }

    /// Appends the lowest `count` (0 ... 8) octets of `word`, the lowest first.
    ///
    /// The eight checked stores become one eight-octet store: after the precondition none of them needs its own check.
    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(word: UInt64, count: Int) {
        let start = position
        precondition(start >= 0 && start <= octets.count &- 8, "an OctetWriter ran out of memory")
        octets[start] = UInt8(truncatingIfNeeded: word)
        octets[start &+ 1] = UInt8(truncatingIfNeeded: word >> 8)
        octets[start &+ 2] = UInt8(truncatingIfNeeded: word >> 16)
        octets[start &+ 3] = UInt8(truncatingIfNeeded: word >> 24)
        octets[start &+ 4] = UInt8(truncatingIfNeeded: word >> 32)
        octets[start &+ 5] = UInt8(truncatingIfNeeded: word >> 40)
        octets[start &+ 6] = UInt8(truncatingIfNeeded: word >> 48)
        octets[start &+ 7] = UInt8(truncatingIfNeeded: word >> 56)
        position = start &+ count
    }

    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(_ piece: borrowing OctetPiece) {
        let words = piece.words.span
        var rest = piece.count
        for index in words.indices {
            append(word: words[index], count: rest < 8 ? rest : 8)
            rest &-= 8
        }
    }

    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(contentsOf source: Span<UInt8>) {
        for index in source.indices { append(source[index]) }
    }

    /// Appends few octets, eight at a time.
    @_lifetime(self: copy self)
    public mutating func append(short source: Span<UInt8>) {
        var index = 0
        while index < source.count {
            let (word, count) = source.upToEight(at: index)
            append(word: word, count: count)
            index &+= count
        }
    }

    /// Appends many octets, which takes wide moves.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func append(run source: Span<UInt8>) {
        let start = position
        let end = start &+ source.count
        precondition(start >= 0 && end <= octets.count, "an OctetWriter ran out of memory")
        for index in source.indices { octets[start &+ index] = source[index] }
        position = end
    }

    /// Appends the UTF-8 octets of `text`.
    @_lifetime(self: copy self)
    public mutating func append(text: String) {
        for octet in text.utf8 { append(octet) }
    }
}

/// Integers in network byte order.
extension OctetWriter {
    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(bigEndian value: UInt16) {
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value))
    }

    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(bigEndian value: UInt32) {
        append(word: UInt64(value.byteSwapped), count: 4)
    }

    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(bigEndian value: UInt64) {
        append(word: value.byteSwapped, count: 8)
    }

    /// Overwrites two octets that were written before, as length fields need.
    @inline(always)
    @_lifetime(self: copy self)
    public mutating func replace(at offset: Int, bigEndian value: UInt16) {
        octets[offset] = UInt8(truncatingIfNeeded: value >> 8)
        octets[offset + 1] = UInt8(truncatingIfNeeded: value)
    }
}

/// Octets that are written again and again, kept as words so that writing them takes one store per eight.
public struct OctetPiece: Sendable, Equatable {
    @usableFromInline var words: [UInt64]
    public let count: Int

    public init(_ octets: [UInt8]) {
        count = octets.count
        words = stride(from: 0, to: octets.count, by: 8).map { start in
            (start..<min(start + 8, octets.count)).reduce(0) { $0 | UInt64(octets[$1]) << UInt64(8 * ($1 - start)) }
        }
    }

    public init(_ text: String) { self.init(Array(text.utf8)) }
}
