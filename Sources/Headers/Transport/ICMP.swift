import Octets

/// An ICMP header where it lies in the capture (RFC 792), for IPv4 and IPv6 (RFC 4443 § 2.1) alike.
///
///      0       8       16               31
///     | type  | code  | checksum         |
///     | rest of the header, by type      |
///
/// - Invariant: `octets` starts with at least `byteCountMin` octets.
public struct ICMPView: ~Escapable {
    /// The part that all types share.
    public static let byteCountMin = 4
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ layer: DecodeFailure.Layer, _ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCountMin, layer, at: offset)
        self.octets = octets
    }

    public var type: UInt8 { octets[0] }
    public var code: UInt8 { octets[1] }
    public var checksum: UInt16 { octets.bigEndian16(at: 2) }
}

/// What an ICMP header says, as a value.
public struct ICMPFields: Equatable, Sendable {
    public var type: UInt8
    public var code: UInt8
    /// The second word: identifier and sequence number, a gateway, an MTU …
    public var rest: UInt32

    public init(type: UInt8, code: UInt8 = 0, rest: UInt32 = 0) {
        self.type = type
        self.code = code
        self.rest = rest
    }

    /// Appends an ICMP header, without the payload that its checksum covers.
    public func emit(into out: inout [UInt8], payload: Span<UInt8>) {
        emit(into: &out, payload: payload, checksum: InternetChecksum())
    }

    /// Appends an ICMPv6 header, without the payload that its checksum covers.
    public func emit(into out: inout [UInt8], payload: Span<UInt8>, source: IPAddress, destination: IPAddress) {
        var checksum = InternetChecksum()
        checksum.addPseudoHeader(
            source: source, destination: destination, protocol: .icmpv6, length: 8 + payload.count)
        emit(into: &out, payload: payload, checksum: checksum)
    }

    private func emit(into out: inout [UInt8], payload: Span<UInt8>, checksum start: InternetChecksum) {
        var checksum = start
        let position = out.count
        out.append(type)
        out.append(code)
        out.appendBigEndian(UInt16(0))
        out.appendBigEndian(rest)
        checksum.add(out.span.extracting(position..<out.count))
        checksum.add(payload)
        out.put(checksum.value, at: position + 2)
    }
}

extension Walk {
    /// A packet quoted in an error message is not a tunnel's: the walk ends here.
    mutating func icmp(_ frame: Span<UInt8>) throws(DecodeFailure) {
        finish(.icmp)
        _ = try ICMPView(.icmp, rest(of: frame), at: offset)
    }

    mutating func icmpv6(_ frame: Span<UInt8>) throws(DecodeFailure) {
        finish(.icmpv6)
        _ = try ICMPView(.icmpv6, rest(of: frame), at: offset)
    }
}
