import Octets

/// The header of a classic capture: 24 octets (draft-ietf-opsawg-pcap § 4), 28 in Ixia's.
public struct PcapHeader: Equatable, Sendable {
    /// Programs that wrote the format their own way.
    public enum Variant: UInt8, Sendable {
        case standard
        /// Alexey Kuznetzov's patch of October 1999: 24-octet record headers, magic 0xa1b2cd34.
        case modified
        /// His patch of September 1999 with the same magic: 28-octet record headers.
        case modifiedSMP
        /// AIX: version 2.2, its own link types, nanoseconds.
        case aix
        /// Ixia's lcap: four more octets of header.
        case ixia
    }

    public var byteOrder: ByteOrder
    public var fraction: SecondFraction
    public var variant: Variant
    public var majorVersion: UInt16
    public var minorVersion: UInt16
    /// Seconds east of UTC as the file says. Every writer but a few sets 0 and every reader ignores it, as this one
    /// does.
    public var thisZone: Int32
    /// A claim, not a bound.
    public var snapLength: UInt32
    public var linkType: UInt16
    /// Octets of frame check sequence at the end of each frame, where the file says so.
    public var frameCheckOctets: UInt8?

    /// Octets before each frame.
    var recordHeaderOctets: Int {
        switch variant {
        case .standard, .aix, .ixia: 16
        case .modified: 24
        case .modifiedSMP: 28
        }
    }

    enum LengthOrder { case capturedFirst, wireFirst, smallerIsCaptured }

    /// Before version 2.3 the length on the wire came first; 2.3 was written both ways (as libpcap and Wireshark read
    /// it).
    var lengthOrder: LengthOrder {
        switch (majorVersion, minorVersion) {
        case (2, 0...2), (543, _): .wireFirst
        case (2, 3): .smallerIsCaptured
        default: .capturedFirst
        }
    }

    static let octets = 24

    /// What the first four octets tell: byte order, fraction and variant; `nil` if they are no classic capture's.
    struct Magic {
        var byteOrder: ByteOrder
        var fraction: SecondFraction
        var variant: Variant

        init?(_ bigEndian: UInt32) {
            guard let read = Self.read(bigEndian, .bigEndian) ?? Self.read(bigEndian.byteSwapped, .littleEndian) else {
                return nil
            }
            self = read
        }

        private init(_ byteOrder: ByteOrder, _ fraction: SecondFraction, _ variant: Variant) {
            self.byteOrder = byteOrder
            self.fraction = fraction
            self.variant = variant
        }

        private static func read(_ magic: UInt32, _ order: ByteOrder) -> Self? {
            switch magic {
            case 0xA1B2_C3D4: Self(order, .microseconds, .standard)
            case 0xA1B2_3C4D: Self(order, .nanoseconds, .standard)
            case 0xA1B2_CD34: Self(order, .microseconds, .modified)
            case 0x1C00_01AC: Self(order, .nanoseconds, .ixia)
            case 0x1C00_01AB: Self(order, .microseconds, .ixia)
            default: nil
            }
        }
    }

    /// Reads the 24 octets at `position`, which must be there.
    init(_ magic: Magic, _ window: Span<UInt8>, at position: Int, fileOffset: Int64) throws(CaptureFailure) {
        byteOrder = magic.byteOrder
        fraction = magic.fraction
        variant = magic.variant
        majorVersion = byteOrder.uint16(window, at: position + 4)
        minorVersion = byteOrder.uint16(window, at: position + 6)
        thisZone = Int32(bitPattern: byteOrder.uint32(window, at: position + 8))
        snapLength = byteOrder.uint32(window, at: position + 16)
        let network = byteOrder.uint32(window, at: position + 20)
        linkType = UInt16(truncatingIfNeeded: network)
        // The upper 16 bits: FCS length in units of 16 bits (4), a spare bit, "FCS length present", ten reserved (§ 4).
        frameCheckOctets = network & 0x0400_0000 != 0 ? UInt8(truncatingIfNeeded: network >> 28) * 2 : nil
        guard majorVersion >= 2 else {
            throw CaptureFailure(
                .unsupportedVersion, at: fileOffset, found: UInt64(majorVersion), expected: UInt64(minorVersion))
        }
        guard network & 0x03FF_0000 == 0 else {
            throw CaptureFailure(.reservedLinkTypeBits, at: fileOffset, found: UInt64(network))
        }
        recogniseAIX(network)
    }

    /// AIX writes RFC 1573 interface types where others write link types; nobody else wrote these with version 2.2.
    private mutating func recogniseAIX(_ network: UInt32) {
        let linkTypes: [UInt32: UInt16] = [6: 1, 9: 6, 15: 10, 24: 0]
        guard variant == .standard, fraction == .microseconds, majorVersion == 2, minorVersion == 2,
            let mapped = linkTypes[network]
        else { return }
        variant = .aix
        fraction = .nanoseconds
        linkType = mapped
    }
}
