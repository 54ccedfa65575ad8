import Octets

/// A UDP header where it lies in the capture (RFC 768).
///
///      0                16               31
///     | source port    | destination port |
///     | length         | checksum         |
///
/// - Invariant: `octets` starts with at least `byteCount` octets.
public struct UDPView: ~Escapable {
    public static let byteCount = 8
    public let octets: Span<UInt8>

    @inline(always) @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCount, .udp, at: offset)
        self.octets = octets
    }

    @inline(always) public var sourcePort: UInt16 { octets.bigEndian16(at: 0) }
    @inline(always) public var destinationPort: UInt16 { octets.bigEndian16(at: 2) }
    /// Header and payload, as the header claims.
    @inline(always) public var length: UInt16 { octets.bigEndian16(at: 4) }
    @inline(always) public var checksum: UInt16 { octets.bigEndian16(at: 6) }
}

/// What a UDP header says, as a value.
public struct UDPFields: Equatable, Sendable {
    public var sourcePort: UInt16
    public var destinationPort: UInt16

    public init(sourcePort: UInt16, destinationPort: UInt16) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
    }

    /// Appends the header, without the payload that its length and checksum cover.
    public func emit(into out: inout [UInt8], payload: Span<UInt8>, source: IPAddress, destination: IPAddress) {
        let start = out.count
        let length = UDPView.byteCount + payload.count
        out.appendBigEndian(sourcePort)
        out.appendBigEndian(destinationPort)
        out.appendBigEndian(UInt16(exactly: length) ?? 0)
        out.appendBigEndian(UInt16(0))
        var checksum = InternetChecksum()
        checksum.addPseudoHeader(source: source, destination: destination, protocol: .udp, length: length)
        checksum.add(out.span.extracting(start..<out.count))
        checksum.add(payload)
        // 0 would mean «not computed»; its ones' complement twin stands for it (RFC 768).
        out.put(checksum.value == 0 ? 0xFFFF : checksum.value, at: start + 6)
    }
}

extension Walk {
    @inline(always) mutating func udp(_ frame: Span<UInt8>) throws(DecodeFailure) {
        finish(.udp)
        try ports(.udp, fixedHeader: UDPView.byteCount, frame)
        let header = try UDPView(rest(of: frame), at: offset)
        guard let tunnel = Self.tunnel(onPort: header.destinationPort) ?? Self.tunnel(onPort: header.sourcePort) else {
            return
        }
        let length = Int(header.length)
        guard length >= UDPView.byteCount else {
            throw DecodeFailure(.udp, .lengthBelowHeader, at: offset, needed: UDPView.byteCount, available: length)
        }
        limit(to: length)
        skip(UDPView.byteCount)
        // An empty datagram carries no tunnel.
        if offset < wireEnd { next = tunnel }
        isKeyOpen = false
    }

    mutating func udpLite(_ frame: Span<UInt8>) throws(DecodeFailure) {
        finish(.udpLite)
        try ports(.udpLite, fixedHeader: UDPView.byteCount, frame)
    }
}
