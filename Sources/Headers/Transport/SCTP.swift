import Octets

/// An SCTP common header where it lies in the capture (RFC 9260 § 3.1).
///
///      0                16               31
///     | source port    | destination port |
///     | verification tag                  |
///     | checksum (CRC-32C)                |
///
/// - Invariant: `octets` starts with at least `byteCount` octets.
public struct SCTPView: ~Escapable {
    public static let byteCount = 12
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCount, .sctp, at: offset)
        self.octets = octets
    }

    public var sourcePort: UInt16 { octets.bigEndian16(at: 0) }
    public var destinationPort: UInt16 { octets.bigEndian16(at: 2) }
    public var verificationTag: UInt32 { octets.bigEndian32(at: 4) }
    /// Written least significant octet first (§ 6.8, appendix A).
    public var checksum: UInt32 { octets.littleEndian32(at: 8) }
}

/// What an SCTP common header says, as a value.
public struct SCTPFields: Equatable, Sendable {
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var verificationTag: UInt32

    public init(sourcePort: UInt16, destinationPort: UInt16, verificationTag: UInt32 = 1) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.verificationTag = verificationTag
    }

    /// Appends the header, without the chunks that its checksum covers.
    public func emit(into out: inout [UInt8], chunks: Span<UInt8>) {
        let start = out.count
        out.appendBigEndian(sourcePort)
        out.appendBigEndian(destinationPort)
        out.appendBigEndian(verificationTag)
        out.appendBigEndian(UInt32(0))
        var checksum = CRC32C()
        checksum.add(out.span.extracting(start..<out.count))
        checksum.add(chunks)
        out.removeLast(4)
        out.appendLittleEndian(checksum.value)
    }
}

/// CRC-32C (Castagnoli), bit by bit: headers are built rarely and are short.
struct CRC32C {
    private var state: UInt32 = 0xFFFF_FFFF
    var value: UInt32 { ~state }

    mutating func add(_ octets: Span<UInt8>) {
        for index in octets.indices {
            state ^= UInt32(octets[index])
            for _ in 0..<8 { state = state >> 1 ^ (state & 1 != 0 ? 0x82F6_3B78 : 0) }
        }
    }
}

extension Walk {
    mutating func sctp(_ frame: Span<UInt8>) throws(DecodeFailure) {
        finish(.sctp)
        // As Wireshark has it: a packet too short for the common header has no ports, unlike one that was cut.
        guard wireRest >= SCTPView.byteCount else {
            throw DecodeFailure(
                .sctp, .lengthBeyondPacket, at: offset, needed: SCTPView.byteCount, available: wireRest)
        }
        try ports(.sctp, fixedHeader: SCTPView.byteCount, frame)
    }
}
