import Octets

/// An IPv4 header where it lies in the capture (RFC 791 § 3.1).
///
///      0    4    8        16 17 18 19            31
///     |ver |IHL | DSCP/ECN | total length          |
///     | identification     |0 |DF|MF| offset / 8   |
///     | TTL    | protocol  | header checksum       |
///     | source address                             |
///     | destination address                        |
///     | options …                                  |
///
/// - Invariant: `octets` starts with at least `byteCountMin` octets, `headerLength >= byteCountMin`, and `totalLength`
///   is 0 or at least `headerLength`. The options may be cut: the addresses stand before them.
public struct IPv4View: ~Escapable {
    public static let byteCountMin = 20
    public let octets: Span<UInt8>

    @inline(always) @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCountMin, .ipv4, at: offset)
        self.octets = octets
        let headerLength = self.headerLength
        guard headerLength >= Self.byteCountMin else {
            throw DecodeFailure(
                .ipv4, .lengthBelowHeader, at: offset, needed: Self.byteCountMin, available: headerLength)
        }
        let totalLength = Int(self.totalLength)
        guard totalLength >= headerLength || totalLength == 0 else {
            throw DecodeFailure(.ipv4, .lengthBelowHeader, at: offset, needed: headerLength, available: totalLength)
        }
    }

    @inline(always) public var version: UInt8 { octets[0] >> 4 }
    @inline(always) public var headerLength: Int { Int(octets[0] & 0x0F) * 4 }
    @inline(always) public var typeOfService: UInt8 { octets[1] }
    /// 0 where the network card was to segment the packet: it then ends with the frame.
    @inline(always) public var totalLength: UInt16 { octets.bigEndian16(at: 2) }
    @inline(always) public var identification: UInt16 { octets.bigEndian16(at: 4) }
    @inline(always) public var dontFragment: Bool { octets[6] & 0x40 != 0 }
    @inline(always) public var moreFragments: Bool { octets[6] & 0x20 != 0 }
    /// In units of eight octets.
    @inline(always) public var fragmentOffset: UInt16 { octets.bigEndian16(at: 6) & 0x1FFF }
    @inline(always) public var timeToLive: UInt8 { octets[8] }
    @inline(always) public var `protocol`: IPProtocol { IPProtocol(rawValue: octets[9]) }
    @inline(always) public var checksum: UInt16 { octets.bigEndian16(at: 10) }
    @inline(always) public var source: IPAddress { IPAddress(v4: octets.bigEndian32(at: 12)) }
    @inline(always) public var destination: IPAddress { IPAddress(v4: octets.bigEndian32(at: 16)) }

    @inline(always) public var fragment: FragmentState {
        let field = octets.bigEndian16(at: 6) & 0x3FFF
        return field == 0 ? .whole : field & 0x1FFF == 0 ? .first : .later
    }
}

/// What an IPv4 header says, as a value.
public struct IPv4Fields: Equatable, Sendable {
    public var typeOfService: UInt8 = 0
    public var identification: UInt16 = 0
    public var dontFragment = false
    public var moreFragments = false
    /// In units of eight octets.
    public var fragmentOffset: UInt16 = 0
    public var timeToLive: UInt8 = 64
    public var `protocol`: IPProtocol
    public var source: UInt32
    public var destination: UInt32
    /// At most 40 octets; padded with zeros to a multiple of four.
    public var options: [UInt8] = []

    public init(source: UInt32, destination: UInt32, protocol: IPProtocol) {
        self.source = source
        self.destination = destination
        self.protocol = `protocol`
    }

    public var headerLength: Int { IPv4View.byteCountMin + (options.count + 3) & ~3 }

    /// Appends the header with its checksum.
    ///
    /// - Parameter payloadLength: octets that follow the header; a total beyond 65,535 is written as 0, as segmentation
    ///   offload does.
    public func emit(into out: inout [UInt8], payloadLength: Int) {
        let start = out.count
        out.append(0x40 | UInt8(truncatingIfNeeded: headerLength / 4))
        out.append(typeOfService)
        out.appendBigEndian(UInt16(exactly: headerLength + payloadLength) ?? 0)
        out.appendBigEndian(identification)
        out.appendBigEndian((dontFragment ? 0x4000 : 0) | (moreFragments ? 0x2000 : 0) | fragmentOffset & 0x1FFF)
        out.append(timeToLive)
        out.append(`protocol`.rawValue)
        out.appendBigEndian(UInt16(0))
        out.appendBigEndian(source)
        out.appendBigEndian(destination)
        out.append(contentsOf: options)
        while (out.count - start) & 3 != 0 { out.append(0) }
        var checksum = InternetChecksum()
        checksum.add(out.span.extracting(start..<out.count))
        out.put(checksum.value, at: start + 10)
    }
}

extension Walk {
    /// Whichever IP the version field names; where it disagrees with the layer below, the field wins, as in Wireshark.
    @inline(always) mutating func ip(_ family: IPFamily, _ frame: Span<UInt8>) throws(DecodeFailure) {
        let layer: DecodeFailure.Layer = family == .v6 ? .ipv6 : .ipv4
        guard offset < end else {
            throw DecodeFailure(layer, .truncated, at: offset, needed: 1, available: 0)
        }
        isKeyOpen = false
        switch frame[offset] >> 4 {
        case 4: try ipv4(frame)
        case 6: try ipv6(frame)
        default: throw DecodeFailure(layer, .versionMismatch, at: offset)
        }
    }

    @inline(always) private mutating func ipv4(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.ipv4)
        let header = try IPv4View(rest(of: frame), at: offset)
        let fragment = header.fragment
        places?.append(AddressPlace(kind: .ipv4, offset: offset))
        adopt(header.source, header.destination, header.protocol, fragment)
        if header.totalLength != 0 { limit(to: Int(header.totalLength)) }
        noteIPOctets(from: offset)
        let headerLength = header.headerLength
        guard headerLength <= end - offset else { throw cutOptions(headerLength) }
        skip(headerLength)
        if fragment != .whole {
            locateFragment(
                of: header.protocol, identification: UInt32(header.identification),
                fragmentOffset: header.fragmentOffset, moreFragments: header.moreFragments)
        }
        if fragment == .later {
            finish(.fragment)
        } else {
            next = .ipProtocol(header.protocol)
        }
    }

    /// The options end behind the captured octets, or even behind the packet.
    private func cutOptions(_ headerLength: Int) -> DecodeFailure {
        DecodeFailure(
            .ipv4, headerLength <= wireRest ? .truncated : .lengthBeyondPacket, at: offset, needed: headerLength,
            available: end - offset)
    }
}
