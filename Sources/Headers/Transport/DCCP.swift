import Octets

/// DCCP's generic header (RFC 4340 § 5.1): its first four octets are the ports, and at least twelve are there.
extension Walk {
    private static let dccpByteCountMin = 12

    mutating func dccp(_ frame: Span<UInt8>) throws(DecodeFailure) {
        finish(.dccp)
        try ports(.dccp, fixedHeader: Self.dccpByteCountMin, frame)
    }
}
