import Headers
import Octets

/// What one synthetic flow really is and sent: what an analysis must find.
public struct FlowTruth: Equatable, Sendable {
    /// The initiator's end: the first packet of the flow comes from here.
    public var source: IPAddress
    public var destination: IPAddress
    public var sourcePort: UInt16 = 0
    public var destinationPort: UInt16 = 0
    public var `protocol`: IPProtocol
    /// 0 where the flow is not tagged.
    public var vlan: UInt16 = 0
    public var tunnel: SyntheticTunnel?
    public var forward = Counters()
    public var backward = Counters()
    /// Nanoseconds since 1970 UTC of the first and last packet.
    public var firstSeen: Int64 = 0
    public var lastSeen: Int64 = 0

    public init(source: IPAddress, destination: IPAddress, protocol: IPProtocol) {
        self.source = source
        self.destination = destination
        self.protocol = `protocol`
    }

    /// One direction's sums.
    public struct Counters: Equatable, Sendable {
        public var packets: UInt64 = 0
        /// Octets of frames on the wire.
        public var bytes: UInt64 = 0
        public var tcpFlags = TCPFlags()

        mutating func count(_ wireLength: Int, _ flags: TCPFlags) {
            packets += 1
            bytes += UInt64(wireLength)
            tcpFlags.formUnion(flags)
        }
    }
}

/// The tunnel that a flow runs in, and its ends as the forward direction sees them.
public struct SyntheticTunnel: Equatable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        case vxlan, gre, ipInIP
    }

    public var kind: Kind
    public var source: IPAddress
    public var destination: IPAddress
    /// VXLAN only: a hash of the flow (RFC 7348 § 5), the same in both directions; the destination port is 4789.
    /// Otherwise 0.
    public var sourcePort: UInt16

    public init(kind: Kind, source: IPAddress, destination: IPAddress, sourcePort: UInt16) {
        self.kind = kind
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
    }

    /// The protocol of the outer IP header. IPv6 in IPv4 has another number than IPv4 in IPv4.
    func outerProtocol(of inner: IPFamily) -> IPProtocol {
        switch kind {
        case .vxlan: .udp
        case .gre: .gre
        case .ipInIP: inner == .v6 ? .ipv6 : .ipv4
        }
    }
}

extension FlowTruth {
    /// The first line of a truth file, with its newline.
    public static let csvHeader = """
        src_ip,dst_ip,src_port,dst_port,protocol,vlan,tunnel,packets,bytes,reverse_packets,reverse_bytes,\
        first_seen,last_seen

        """

    /// Appends the flow as a line of a truth file, in the columns of `csvHeader`.
    public func appendCSV(to text: inout [UInt8]) {
        text.append(address: source)
        text.append(UInt8(ascii: ","))
        text.append(address: destination)
        for number in [UInt64(sourcePort), UInt64(destinationPort), UInt64(`protocol`.rawValue), UInt64(vlan)] {
            text.append(UInt8(ascii: ","))
            text.append(decimal: number)
        }
        text.append(UInt8(ascii: ","))
        if let tunnel { text.append(contentsOf: tunnel.kind.rawValue.utf8) }
        for number in [forward.packets, forward.bytes, backward.packets, backward.bytes] {
            text.append(UInt8(ascii: ","))
            text.append(decimal: number)
        }
        for time in [firstSeen, lastSeen] {
            text.append(UInt8(ascii: ","))
            text.append(decimal: time)
        }
        text.append(UInt8(ascii: "\n"))
    }
}
