import Octets

/// Reads the presentation language of TLS (RFC 8446 § 3): numbers, and vectors with a length before them. It gives
/// places in the structure, so that what was read may outlive the reader.
struct FieldReader: ~Escapable {
    private let octets: Span<UInt8>
    private let structure: TLSFailure.Structure
    private(set) var position: Int
    private let end: Int

    @_lifetime(copy octets)
    init(_ octets: Span<UInt8>, _ structure: TLSFailure.Structure) {
        self.init(octets, 0..<octets.count, structure)
    }

    /// - Parameter range: what may be read; it must lie within `octets`.
    @_lifetime(copy octets)
    init(_ octets: Span<UInt8>, _ range: Range<Int>, _ structure: TLSFailure.Structure) {
        self.octets = octets
        self.structure = structure
        position = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { position >= end }

    @_lifetime(self: copy self)
    mutating func octets(_ count: Int) throws(TLSFailure) -> Range<Int> {
        guard count <= end - position else { throw TLSFailure(structure, .truncated, at: position) }
        defer { position += count }
        return position..<position + count
    }

    @_lifetime(self: copy self)
    mutating func uint8() throws(TLSFailure) -> UInt8 { octets[try octets(1).lowerBound] }

    @_lifetime(self: copy self)
    mutating func uint16() throws(TLSFailure) -> UInt16 { octets.bigEndian16(at: try octets(2).lowerBound) }

    @_lifetime(self: copy self)
    mutating func uint24() throws(TLSFailure) -> Int {
        let start = try octets(3).lowerBound
        return Int(octets[start]) << 16 | Int(octets.bigEndian16(at: start + 1))
    }

    /// A vector of at most 255 octets.
    @_lifetime(self: copy self)
    mutating func vector8() throws(TLSFailure) -> Range<Int> { try vector(Int(try uint8())) }

    @_lifetime(self: copy self)
    mutating func vector16() throws(TLSFailure) -> Range<Int> { try vector(Int(try uint16())) }

    @_lifetime(self: copy self)
    mutating func vector24() throws(TLSFailure) -> Range<Int> { try vector(try uint24()) }

    @_lifetime(self: copy self)
    private mutating func vector(_ count: Int) throws(TLSFailure) -> Range<Int> {
        guard count <= end - position else { throw TLSFailure(structure, .lengthBeyondStructure, at: position) }
        return try octets(count)
    }

    /// The rest as 16-bit numbers; a last octet that is none of them is left out.
    @_lifetime(self: copy self)
    mutating func numbers16() -> [UInt16] {
        var numbers: [UInt16] = []
        while let number = try? uint16() { numbers.append(number) }
        return numbers
    }
}

extension [UInt8] {
    /// Copies a part of `octets`.
    init(_ octets: Span<UInt8>, _ range: Range<Int>) {
        self.init(capacity: range.count) { output in
            for index in range { output.append(octets[index]) }
        }
    }
}
