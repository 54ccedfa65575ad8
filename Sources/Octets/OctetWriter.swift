/// A write position in memory that the caller owns: text and binary rows are built here, without a capacity check, a
/// reference count or a call per octet.
///
/// Every store is bounds-checked. Wide stores touch eight octets, or 32, of which fewer may stay, so the memory
/// must reach `slack` octets beyond what is written; `OctetBuffer.write` sees to that.
public struct OctetWriter: ~Copyable, ~Escapable {
    /// How far behind the last octet a wide store may reach.
    public static let slack = 32

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
    /// One check and one store. (Eight stores of an octet each do not become one wherever they are inlined.)
    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(word: UInt64, count: Int) {
        let start = position
        var memory = MutableRawSpan(_elements: &octets)
        memory.storeBytes(of: word.littleEndian, toByteOffset: start, as: UInt64.self)
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
        while index <= source.count &- 8 {
            append(word: source.word(at: index), count: 8)
            index &+= 8
        }
        if index < source.count {
            let (word, count) = source.upToEight(at: index)
            append(word: word, count: count)
        }
    }

    /// Appends few octets of `source`, 32 at a time. As many more are read behind the part as there are, and do not
    /// stay.
    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(_ part: Range<Int>, of source: Span<UInt8>) {
        let end = position &+ part.count
        var index = part.lowerBound
        var target = position
        var memory = MutableRawSpan(_elements: &octets)
        while index < part.upperBound, index <= source.count &- 32 {
            // Of runs whose length is known no load or store is checked by itself.
            let piece = source.extracting(index..<index &+ 32)
            let (first, second) = (piece.word(at: 0), piece.word(at: 8))
            let (third, fourth) = (piece.word(at: 16), piece.word(at: 24))
            var room = memory._mutatingExtracting(target..<target &+ 32)
            room.storeBytes(of: first.littleEndian, toByteOffset: 0, as: UInt64.self)
            room.storeBytes(of: second.littleEndian, toByteOffset: 8, as: UInt64.self)
            room.storeBytes(of: third.littleEndian, toByteOffset: 16, as: UInt64.self)
            room.storeBytes(of: fourth.littleEndian, toByteOffset: 24, as: UInt64.self)
            index &+= 32
            target &+= 32
        }
        while index < part.upperBound {
            let (word, count) = source.upToEight(at: index)
            memory.storeBytes(of: word.littleEndian, toByteOffset: target, as: UInt64.self)
            index &+= count
            target &+= count
        }
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
