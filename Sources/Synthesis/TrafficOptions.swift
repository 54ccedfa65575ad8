/// What synthetic traffic is like.
public struct TrafficOptions: Equatable, Sendable {
    /// At least `flows`: each flow has a packet.
    public var packets = 200_000
    /// Conversations: both directions are one flow. 1 ... 2²⁸ - 1.
    public var flows = 10_000
    /// How uneven the flows' sizes are: packets beyond each flow's first are drawn with probability rank^-exponent.
    /// 0 spreads them evenly.
    public var zipfExponent = 1.1
    /// The most octets of a frame that are captured; 0 for whole frames.
    public var snapLength = 0
    /// Equal seeds and options give equal octets.
    public var seed: UInt64 = 1
    /// The share of flows that run in an 802.1Q tag.
    public var vlanShare = 0.05
    /// The share of flows over IPv6.
    public var ipv6Share = 0.2
    /// The share of flows inside a tunnel: VXLAN, GRE or IP-in-IP, over IPv4.
    public var tunnelShare = 0.0
    /// The time that traffic begins, nanoseconds since 1970 UTC.
    public var start: Int64 = 1_700_000_000_000_000_000

    public init() {}

    /// The options' limits, checked before anything is allocated.
    public func validate() throws(TrafficOptionsFailure) {
        guard 1...Self.flowsMax ~= flows else { throw .flows }
        guard flows...Self.packetsMax ~= packets else { throw .packets }
        guard zipfExponent >= 0, zipfExponent <= 10 else { throw .zipfExponent }
        guard snapLength == 0 || 14...262_144 ~= snapLength else { throw .snapLength }
        guard 0...1 ~= vlanShare, 0...1 ~= ipv6Share, 0...1 ~= tunnelShare else { throw .share }
    }

    /// A flow's number shares a word with the packet's time.
    public static let flowsMax = (1 << 28) - 1
    /// The plan of a packet takes 16 octets of memory while it is sorted, so this is 64 GiB.
    public static let packetsMax = (1 << 32) - 1
}

/// An option outside its limits.
public enum TrafficOptionsFailure: Error, Equatable, Sendable {
    case flows, packets, zipfExponent, snapLength, share
}

extension TrafficOptionsFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .flows: "the number of flows is 1 to \(TrafficOptions.flowsMax)"
        case .packets: "the number of packets is at least the number of flows and at most \(TrafficOptions.packetsMax)"
        case .zipfExponent: "the Zipf exponent is 0 to 10"
        case .snapLength: "the snap length is 14 to 262144 octets, or 0 for whole frames"
        case .share: "a share is 0 to 1"
        }
    }
}
