import Octets

/// Writes a classic capture by appending its octets to the caller's buffer (draft-ietf-opsawg-pcap).
public struct PcapWriter: Sendable {
    public let byteOrder: ByteOrder
    public let fraction: SecondFraction
    public let linkType: UInt16
    /// The longest frame the capture claims to hold. Not enforced.
    public let snapLength: UInt32

    public init(
        linkType: UInt16, snapLength: UInt32 = 262_144, fraction: SecondFraction = .microseconds,
        byteOrder: ByteOrder = .littleEndian
    ) {
        self.byteOrder = byteOrder
        self.fraction = fraction
        self.linkType = linkType
        self.snapLength = snapLength
    }

    /// Appends the file header, 24 octets: once, first.
    public func appendHeader(to octets: inout [UInt8]) {
        byteOrder.append(UInt32(fraction == .microseconds ? 0xA1B2_C3D4 : 0xA1B2_3C4D), to: &octets)
        byteOrder.append(UInt16(2), to: &octets)
        byteOrder.append(UInt16(4), to: &octets)
        byteOrder.append(UInt32(0), to: &octets)
        byteOrder.append(UInt32(0), to: &octets)
        byteOrder.append(snapLength, to: &octets)
        byteOrder.append(UInt32(linkType), to: &octets)
    }

    /// Appends one record: 16 octets and the frame.
    ///
    /// - Parameters:
    ///   - time: nanoseconds since 1970, in 0 ..< 2³² seconds; others are clamped. Microsecond captures round down.
    ///   - wireLength: octets of the frame on the wire; the frame's own count if `nil`.
    public func appendRecord(
        time: Int64, wireLength: UInt32? = nil, frame: Span<UInt8>, to octets: inout [UInt8]
    ) {
        precondition(frame.count <= Int(UInt32.max), "a record's length has 32 bits")
        let clamped = min(max(time, 0), (Int64(1) << 32) * 1_000_000_000 - 1)
        let (seconds, nanoseconds) = clamped.quotientAndRemainder(dividingBy: 1_000_000_000)
        byteOrder.append(UInt32(truncatingIfNeeded: seconds), to: &octets)
        byteOrder.append(UInt32(truncatingIfNeeded: nanoseconds) / fraction.nanosecondsPerUnit, to: &octets)
        byteOrder.append(UInt32(frame.count), to: &octets)
        byteOrder.append(wireLength ?? UInt32(frame.count), to: &octets)
        octets.append(contentsOf: frame)
    }
}
