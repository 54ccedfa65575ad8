import Octets

/// A GRE header where it lies in the capture: version 0 (RFC 2784, keys and sequence numbers RFC 2890, routing
/// RFC 1701) and version 1 (PPTP, RFC 2637 § 4.1; EoIP).
///
///      0 1 2 3 4 5   8 9      13    16            31
///     |C|R|K|S|s|rec |A|flags |ver  | protocol type |
///     | [checksum, offset if C or R]                |
///     | [key if K]                                  |
///     | [sequence number if S]                      |
///     | [acknowledgment number if A, version 1]     |
///     | [routing if R]                              |
///
/// - Invariant: `octets` starts with at least `headerLength` octets, routing entries aside.
public struct GREView: ~Escapable {
    public static let byteCountMin = 4
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCountMin, .gre, at: offset)
        self.octets = octets
        try octets.require(headerLength, .gre, at: offset)
    }

    public var version: UInt8 { octets[1] & 7 }
    public var hasChecksum: Bool { octets[0] & 0x80 != 0 }
    public var hasRouting: Bool { octets[0] & 0x40 != 0 }
    public var hasKey: Bool { octets[0] & 0x20 != 0 }
    public var hasSequenceNumber: Bool { octets[0] & 0x10 != 0 }
    public var hasAcknowledgment: Bool { version == 1 && octets[1] & 0x80 != 0 }
    public var protocolType: EtherType { EtherType(rawValue: octets.bigEndian16(at: 2)) }

    /// Without routing entries, which follow and end themselves.
    public var headerLength: Int {
        Self.byteCountMin + (hasChecksum || hasRouting ? 4 : 0) + (hasKey ? 4 : 0) + (hasSequenceNumber ? 4 : 0)
            + (hasAcknowledgment ? 4 : 0)
    }
}

/// What a version 0 GRE header says, as a value.
public struct GREFields: Equatable, Sendable {
    public var protocolType: EtherType
    public var key: UInt32?
    public var sequenceNumber: UInt32?
    public var hasChecksum: Bool

    public init(
        protocolType: EtherType, key: UInt32? = nil, sequenceNumber: UInt32? = nil, hasChecksum: Bool = false
    ) {
        self.protocolType = protocolType
        self.key = key
        self.sequenceNumber = sequenceNumber
        self.hasChecksum = hasChecksum
    }

    /// Appends the header, without the payload that its checksum covers.
    public func emit(into out: inout [UInt8], payload: Span<UInt8>) {
        let start = out.count
        out.append((hasChecksum ? 0x80 : 0) | (key != nil ? 0x20 : 0) | (sequenceNumber != nil ? 0x10 : 0))
        out.append(0)
        out.appendBigEndian(protocolType.rawValue)
        if hasChecksum { out.appendBigEndian(UInt32(0)) }
        if let key { out.appendBigEndian(key) }
        if let sequenceNumber { out.appendBigEndian(sequenceNumber) }
        guard hasChecksum else { return }
        var checksum = InternetChecksum()
        checksum.add(out.span.extracting(start..<out.count))
        checksum.add(payload)
        out.put(checksum.value, at: start + 4)
    }
}

extension Walk {
    mutating func gre(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.gre)
        next = .end
        let header = try GREView(rest(of: frame), at: offset)
        guard header.version <= 1 else { return }
        skip(header.headerLength)
        if header.hasRouting { try skipSourceRoutes(frame) }
        switch header.protocolType {
        // Type I has no header of its own and, unlike type II, no sequence number.
        case .erspan: next = header.hasSequenceNumber ? .erspan2 : .ethernet
        case .erspan3: next = .erspan3
        case .eoip: next = .ethernet
        case .wccp: try skipRedirect(frame)
        case .arp: break
        default: next = .etherType(header.protocolType)
        }
    }

    /// Source route entries (RFC 1701): family 2, offset 1, length 1, then `length` octets; length 0 is the last.
    private mutating func skipSourceRoutes(_ frame: Span<UInt8>) throws(DecodeFailure) {
        while true {
            let rest = rest(of: frame)
            try rest.require(4, .gre, at: offset)
            let length = Int(rest[3])
            skip(4 + length)
            if length == 0 { return }
        }
    }

    /// A WCCP version 2 redirect header of four octets may precede the packet; its first nibble is never 4 or 6.
    private mutating func skipRedirect(_ frame: Span<UInt8>) throws(DecodeFailure) {
        let rest = rest(of: frame)
        try rest.require(1, .gre, at: offset)
        if rest[0] >> 4 != 4 { skip(4) }
        next = .ip(.v4)
    }
}
