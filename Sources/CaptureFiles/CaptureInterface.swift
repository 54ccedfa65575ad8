/// One capturing interface: what an Interface Description Block says (pcapng § 4.2), or the header of a classic
/// capture.
///
/// Texts are what the file says, invalid UTF-8 repaired, cut at `textOctetsMax` octets.
public struct CaptureInterface: Equatable, Sendable {
    /// Longest text kept per option. A capture may repeat a 64 KiB text 65,535 times; its reader must not.
    public static let textOctetsMax = 1024
    /// Octets of text kept over all interfaces of a file; later texts are left empty.
    public static let textOctetsInAllMax = 4 << 20

    /// The LINKTYPE_ value; `nil` where the block is too short to say one. Frames of such an interface are bad records.
    public var linkType: UInt16?
    /// The longest frame the capturing program would keep. A claim, not a bound: 0 means none.
    public var snapLength: UInt32 = 0
    /// Which section described it, from 0. Always 0 in a classic capture.
    public var section = 0
    public var resolution = TimeResolution.microseconds
    /// Seconds added to every time (if_tsoffset).
    public var offsetSeconds: Int64 = 0
    public var name = ""
    public var details = ""
    public var filter = ""
    public var hardware = ""
    public var operatingSystem = ""
    /// Bits per second; 0 where the file does not say.
    public var speed: UInt64 = 0
    /// Octets of frame check sequence at the end of each frame, where the file says so.
    public var frameCheckOctets: UInt8?
    /// The last Interface Statistics Block of this interface.
    public var counters: InterfaceCounters?

    public init(linkType: UInt16?) { self.linkType = linkType }
}

/// What the capturing machine counted (pcapng § 4.6, isb_ options). `nil`: the file does not say.
public struct InterfaceCounters: Equatable, Sendable {
    /// When counting began, and until when it went: nanoseconds since 1970.
    public var startTime: Int64?
    public var endTime: Int64?
    /// Packets the interface received.
    public var received: UInt64?
    /// Packets the interface dropped for lack of resources.
    public var droppedByInterface: UInt64?
    public var acceptedByFilter: UInt64?
    /// Packets the operating system dropped.
    public var droppedBySystem: UInt64?
    public var delivered: UInt64?

    public init() {}
}

/// One pcapng section: which program on which machine wrote it.
public struct CaptureSection: Equatable, Sendable {
    public var byteOrder: ByteOrder
    public var majorVersion: UInt16
    public var minorVersion: UInt16
    /// Octets after the header block as the file claims; `nil` for unknown (−1). Not trusted.
    public var length: UInt64?
    public var hardware = ""
    public var operatingSystem = ""
    public var application = ""
}
