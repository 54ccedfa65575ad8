/// What one packet says to the flow engine: the five-tuple and what is counted.
///
/// Times are nanoseconds since 1970 UTC. Lengths are octets of the whole frame: `wireLength` as it was on the wire,
/// `capturedLength` as it stands in the capture.
@frozen public struct PacketInfo: Equatable, Sendable {
    public var time: Int64
    public var wireLength: UInt32
    public var capturedLength: UInt32
    /// `.none` where no IP header could be decoded; then only the times and lengths mean something.
    public var source: IPAddress
    public var destination: IPAddress
    public var `protocol`: IPProtocol
    /// 0 where the protocol has no ports, in non-first fragments, and where the capture ends before them.
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    /// The first VLAN identifier other than 0 before the outermost IP header; 0 where the frame is untagged or only
    /// priority-tagged (IEEE 802.1Q § 6.9). Tags inside a tunnel never count, whichever header names the flow.
    public var vlan: UInt16
    public var tcpFlags: TCPFlags
    public var fragment: FragmentState
    public var marks: PacketMarks

    @inlinable @inline(__always)
    public init(
        time: Int64 = 0, wireLength: UInt32 = 0, capturedLength: UInt32 = 0,
        source: IPAddress = IPAddress(family: .none, high: 0, low: 0),
        destination: IPAddress = IPAddress(family: .none, high: 0, low: 0),
        protocol: IPProtocol = IPProtocol(rawValue: 0), sourcePort: UInt16 = 0, destinationPort: UInt16 = 0,
        vlan: UInt16 = 0, tcpFlags: TCPFlags = TCPFlags(rawValue: 0), fragment: FragmentState = .whole,
        marks: PacketMarks = PacketMarks(rawValue: 0)
    ) {
        self.time = time
        self.wireLength = wireLength
        self.capturedLength = capturedLength
        self.source = source
        self.destination = destination
        self.protocol = `protocol`
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.vlan = vlan
        self.tcpFlags = tcpFlags
        self.fragment = fragment
        self.marks = marks
    }
}

/// Where a packet stands in a fragmented datagram (RFC 791 § 3.1, RFC 8200 § 4.5).
@frozen public enum FragmentState: UInt8, Sendable, Hashable {
    case whole
    /// Offset 0 with more to come: the ports are here.
    case first
    /// Offset above 0: no transport header.
    case later
}

/// Things about a packet that the ledger counts although the packet itself was counted.
@frozen public struct PacketMarks: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    @inlinable @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A fragment with an offset above 0: its ports are unknown and 0.
    public static let laterFragment = PacketMarks(rawValue: 1)
    /// The protocol has ports, but the captured octets end before them.
    public static let portsCut = PacketMarks(rawValue: 2)
    /// The transport header is cut by the snap length or the packet's end, after the ports.
    public static let transportCut = PacketMarks(rawValue: 4)
    /// Decoding ended inside the packet by a malformed header above the IP header that gave the key.
    public static let malformedAbove = PacketMarks(rawValue: 8)
    /// Headers between the key's IP header and a transport header, or a tunnelled packet, are cut off.
    public static let tunnelCut = PacketMarks(rawValue: 16)

    /// All of them, one by one.
    public static let each: [PacketMarks] = [.laterFragment, .portsCut, .transportCut, .tunnelCut, .malformedAbove]
}
