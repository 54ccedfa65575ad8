import Octets

/// A PPPoE header where it lies in the capture (RFC 2516 § 4).
///
///      0    4    8        16           32          48
///     |ver |type| code    | session    | length     |
///
/// - Invariant: `octets` starts with at least `byteCount` octets.
public struct PPPoEView: ~Escapable {
    public static let byteCount = 6
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCount, .pppoe, at: offset)
        self.octets = octets
    }

    public var versionAndType: UInt8 { octets[0] }
    /// 0 in session packets.
    public var code: UInt8 { octets[1] }
    public var session: UInt16 { octets.bigEndian16(at: 2) }
    /// Octets of the PPP packet.
    public var length: UInt16 { octets.bigEndian16(at: 4) }
}

/// What a PPPoE session header says, as a value.
public struct PPPoEFields: Equatable, Sendable {
    public var session: UInt16
    /// Octets of the PPP packet, its protocol field included.
    public var length: UInt16

    public init(session: UInt16, length: UInt16) {
        self.session = session
        self.length = length
    }

    public func emit(into out: inout [UInt8]) {
        out.append(0x11)
        out.append(0)
        out.appendBigEndian(session)
        out.appendBigEndian(length)
    }
}

extension Walk {
    mutating func pppoe(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.pppoe)
        let header = try PPPoEView(rest(of: frame), at: offset)
        skip(PPPoEView.byteCount)
        limit(to: Int(header.length))
        next = header.code == 0 ? .ppp : .end
    }
}
