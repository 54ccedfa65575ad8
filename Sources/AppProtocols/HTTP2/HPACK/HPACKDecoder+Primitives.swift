import Octets

/// Integers and strings (RFC 7541 § 5).
extension HPACKDecoder {
    /// A string literal (§ 5.2).
    @_lifetime(writer: copy writer)
    func text(
        _ block: Span<UInt8>, _ at: inout Int, _ isCopied: Bool, _ writer: inout OctetWriter,
        _ progress: inout Progress
    ) throws(Stop) -> Text {
        guard at < block.count else { throw .truncated }
        let isHuffman = block[at] & 0x80 != 0
        let count = try Self.integer(block, &at, prefix: 0x7F)
        guard count <= block.count - at else { throw .truncated }
        let range = at..<(at + count)
        at += count
        guard isHuffman, isCopied else { return Self.text(block, range, isCopied, &writer) }
        let start = writer.position
        let isRight = huffman.decode(range, of: block, into: &writer)
        if !isRight { progress.isMalformed = true }
        return Text(start: start, count: writer.position - start, isKnown: isRight)
    }

    /// An integer (§ 5.1), at most 2²⁸ + 2⁷: nothing here is larger.
    /// - Parameter prefix: the bits of the first octet that belong to it.
    @inline(always)
    static func integer(_ block: Span<UInt8>, _ at: inout Int, prefix: UInt8) throws(Stop) -> Int {
        let first = block[at] & prefix
        at &+= 1
        return first < prefix ? Int(first) : try longInteger(block, &at, from: Int(prefix))
    }

    private static func longInteger(_ block: Span<UInt8>, _ at: inout Int, from prefix: Int) throws(Stop) -> Int {
        var value = prefix
        var shift = 0
        while at < block.count {
            let octet = block[at]
            at += 1
            value += Int(octet & 0x7F) << shift
            if octet & 0x80 == 0 { return value }
            shift += 7
            if shift > 28 { throw .overflow }
        }
        throw .truncated
    }

    @inline(always)
    @_lifetime(writer: copy writer)
    static func text(
        _ octets: Span<UInt8>, _ range: Range<Int>, _ isCopied: Bool, _ writer: inout OctetWriter
    ) -> Text {
        let start = writer.position
        guard isCopied else { return Text(start: start, count: 0, missingCount: range.count, isKnown: false) }
        writer.append(range, of: octets)
        return Text(start: start, count: range.count)
    }
}
