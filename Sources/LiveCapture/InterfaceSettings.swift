/// How interfaces are to be opened.
public struct InterfaceSettings: Equatable, Sendable {
    /// Octets kept of each frame, 1 ... `snapLengthMax`; the kernel copies no more.
    public var snapLength = Self.snapLengthDefault
    /// Also frames for others than this machine.
    public var isPromiscuous = true
    /// Octets of kernel memory per socket for frames that wait to be read; rounded up to blocks of 256 KiB.
    public var bufferOctets = Self.bufferOctetsDefault
    /// What frames the kernel is to hand over, in libpcap's language (pcap-filter(7)); empty for all.
    public var filter = ""
    /// Sockets per interface, among which the kernel shares frames by their flow (PACKET_FANOUT_HASH of packet(7)).
    public var fanout = 1

    public init() {}

    /// Headers as deep as anybody stacks them.
    public static let snapLengthDefault = 512
    /// As libpcap's own (MAXIMUM_SNAPLEN).
    public static let snapLengthMax = 262_144
    public static let bufferOctetsDefault = 16 << 20
    /// The kernel's bound is 65,536; more than processors does not help.
    public static let fanoutMax = 256
}
