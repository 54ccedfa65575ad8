import Octets

/// A Cisco MetaData tag (EtherType 0x8909), as TrustSec inserts it, with its one option.
///
///      0         8        16       32                      48           64
///     | version | length | option | security group tag     | EtherType  |
extension Walk {
    mutating func ciscoMetadata(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.ciscoMetadata)
        let rest = rest(of: frame)
        try rest.require(8, .ciscoMetadata, at: offset)
        skip(8)
        next = .etherType(EtherType(rawValue: rest.bigEndian16(at: 6)))
    }
}
