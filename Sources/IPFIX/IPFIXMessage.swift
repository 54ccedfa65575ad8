import Octets

/// A message where it lies (RFC 7011 § 3.1): a header that was checked, and its sets one after the other.
struct IPFIXMessage: ~Escapable {
    private let octets: Span<UInt8>
    /// Where the message begins in its stream, for errors.
    private let offset: Int
    private var position = IPFIXDecoder.headerOctets

    /// - Parameter octets: all of the message, and no more.
    @_lifetime(copy octets)
    init(_ octets: Span<UInt8>, at offset: Int) throws(IPFIXFailure) {
        let length = try IPFIXDecoder.messageOctets(header: octets, at: offset)
        guard length == octets.count else {
            throw IPFIXFailure(.messageLength(claimed: length, available: octets.count), at: offset)
        }
        self.octets = octets
        self.offset = offset
    }

    var sequence: UInt32 { octets.bigEndian32(at: 8) }
    var domain: UInt32 { octets.bigEndian32(at: 12) }

    /// The number of the next set (§ 3.3.2) and where in the message its records lie; `nil` behind the last one.
    @_lifetime(self: copy self)
    mutating func nextSet() throws(IPFIXFailure) -> (id: UInt16, records: Range<Int>)? {
        let (start, available) = (position, octets.count - position)
        if available == 0 { return nil }
        let claimed = available < 4 ? 4 : Int(octets.bigEndian16(at: start + 2))
        guard claimed >= 4, claimed <= available else {
            throw IPFIXFailure(.setLength(claimed: claimed, available: available), at: offset + start)
        }
        position += claimed
        return (octets.bigEndian16(at: start), (start + 4)..<position)
    }
}
