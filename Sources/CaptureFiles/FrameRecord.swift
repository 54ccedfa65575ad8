/// Where one captured frame lies in the window it was parsed from, and what the capture says about it.
public struct FrameRecord: Equatable, Sendable, BitwiseCopyable {
    /// Nanoseconds since 1970 UTC.
    public var time: Int64
    /// Octets from the start of the window to the frame's first octet.
    public var offset: UInt32
    /// Octets of the frame in the capture: `offset ..< offset + capturedLength` lies inside the window.
    public var capturedLength: UInt32
    /// Octets of the frame on the wire.
    public var wireLength: UInt32
    /// The frame's LINKTYPE_ value.
    public var linkType: UInt16
    /// Index into the parser's `interfaces`, which only grows: each section's interfaces follow the former ones'.
    public var interface: UInt16

    @inline(always)
    public init(
        time: Int64, offset: UInt32, capturedLength: UInt32, wireLength: UInt32, linkType: UInt16, interface: UInt16
    ) {
        self.time = time
        self.offset = offset
        self.capturedLength = capturedLength
        self.wireLength = wireLength
        self.linkType = linkType
        self.interface = interface
    }
}
