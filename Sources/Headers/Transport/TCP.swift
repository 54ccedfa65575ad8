import Octets

/// A TCP header where it lies in the capture (RFC 9293 § 3.1).
///
///      0         4        10       16                    31
///     | source port              | destination port       |
///     | sequence number                                   |
///     | acknowledgment number                             |
///     | offset | reserved | flags | window                |
///     | checksum                 | urgent pointer         |
///     | options …                                         |
///
/// - Invariant: `octets` starts with at least `byteCountMin` octets.
public struct TCPView: ~Escapable {
    public static let byteCountMin = 20
    public let octets: Span<UInt8>

    @inline(always) @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCountMin, .tcp, at: offset)
        self.octets = octets
    }

    @inline(always) public var sourcePort: UInt16 { octets.bigEndian16(at: 0) }
    @inline(always) public var destinationPort: UInt16 { octets.bigEndian16(at: 2) }
    @inline(always) public var sequenceNumber: UInt32 { octets.bigEndian32(at: 4) }
    @inline(always) public var acknowledgmentNumber: UInt32 { octets.bigEndian32(at: 8) }
    /// As the header claims; anything in 0 ... 60, and possibly beyond the octets there.
    @inline(always) public var headerLength: Int { Int(octets[12] >> 4) * 4 }
    @inline(always) public var flags: TCPFlags { TCPFlags(rawValue: octets[13]) }
    @inline(always) public var window: UInt16 { octets.bigEndian16(at: 14) }
    @inline(always) public var checksum: UInt16 { octets.bigEndian16(at: 16) }
    @inline(always) public var urgentPointer: UInt16 { octets.bigEndian16(at: 18) }
}

/// What a TCP header says, as a value.
public struct TCPFields: Equatable, Sendable {
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var sequenceNumber: UInt32 = 0
    public var acknowledgmentNumber: UInt32 = 0
    public var flags: TCPFlags
    public var window: UInt16 = 65_535
    public var urgentPointer: UInt16 = 0
    /// At most 40 octets; padded with zeros to a multiple of four.
    public var options: [UInt8] = []

    public init(sourcePort: UInt16, destinationPort: UInt16, flags: TCPFlags = .ack) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.flags = flags
    }

    public var headerLength: Int { TCPView.byteCountMin + (options.count + 3) & ~3 }

    /// Appends the header, without the payload that its checksum covers.
    public func emit(into out: inout [UInt8], payload: Span<UInt8>, source: IPAddress, destination: IPAddress) {
        let start = out.count
        out.appendBigEndian(sourcePort)
        out.appendBigEndian(destinationPort)
        out.appendBigEndian(sequenceNumber)
        out.appendBigEndian(acknowledgmentNumber)
        out.append(UInt8(truncatingIfNeeded: headerLength / 4) << 4)
        out.append(flags.rawValue)
        out.appendBigEndian(window)
        out.appendBigEndian(UInt16(0))
        out.appendBigEndian(urgentPointer)
        out.append(contentsOf: options)
        while (out.count - start) & 3 != 0 { out.append(0) }
        var checksum = InternetChecksum()
        checksum.addPseudoHeader(
            source: source, destination: destination, protocol: .tcp, length: headerLength + payload.count)
        checksum.add(out.span.extracting(start..<out.count))
        checksum.add(payload)
        out.put(checksum.value, at: start + 16)
    }
}

extension Walk {
    @inline(always) mutating func tcp(_ frame: Span<UInt8>) throws(DecodeFailure) {
        finish(.tcp)
        // The flags stand before the end of the fixed header, so a cut may spare them.
        if isKeyOpen, end - offset > 13 { info.tcpFlags = TCPFlags(rawValue: frame[offset + 13]) }
        try ports(.tcp, fixedHeader: TCPView.byteCountMin, frame)
    }
}
