import Octets

/// A LISP data header (RFC 9300 § 5.1): eight octets of flags, nonce and instance, then an IP packet.
extension Walk {
    mutating func lisp(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.lisp)
        try rest(of: frame).require(8, .lisp, at: offset)
        skip(8)
        next = .ip(.none)
    }
}
