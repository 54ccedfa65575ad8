import Octets

/// A VXLAN header where it lies in the capture (RFC 7348 § 5), and its generic protocol extension
/// (draft-ietf-nvo3-vxlan-gpe § 3).
///
///      0                8                24              31
///     |R R R R I P R R | reserved        | next protocol  |   P and the next protocol only in GPE
///     | network identifier               | reserved       |
///
/// - Invariant: `octets` starts with at least `byteCount` octets.
public struct VXLANView: ~Escapable {
    public static let byteCount = 8
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCount, .vxlan, at: offset)
        self.octets = octets
    }

    public var hasIdentifier: Bool { octets[0] & 0x08 != 0 }
    public var identifier: UInt32 { octets.bigEndian32(at: 4) >> 8 }
    /// Only in GPE. Its P flag ought to be set where this means something; Wireshark does not ask, nor does the walk.
    public var nextProtocol: UInt8 { octets[3] }
}

/// What a VXLAN header says, as a value.
public struct VXLANFields: Equatable, Sendable {
    /// 24 bits
    public var identifier: UInt32

    public init(identifier: UInt32) {
        self.identifier = identifier
    }

    public func emit(into out: inout [UInt8]) {
        out.appendBigEndian(UInt32(0x0800_0000))
        out.appendBigEndian(identifier << 8)
    }
}

extension Walk {
    mutating func vxlan(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.vxlan)
        _ = try VXLANView(rest(of: frame), at: offset)
        skip(VXLANView.byteCount)
        next = .ethernet
    }

    mutating func vxlanGPE(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.vxlan)
        let header = try VXLANView(rest(of: frame), at: offset)
        skip(VXLANView.byteCount)
        // Without a next protocol it is plain VXLAN: an Ethernet frame.
        nextProtocol(header.nextProtocol == 0 ? 3 : header.nextProtocol)
    }
}
