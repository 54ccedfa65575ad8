import Octets

/// What dissecting one frame gave: always a value, never a trap.
public struct Dissection: Equatable, Sendable {
    /// What became of the frame, for the ledger: exactly one per frame.
    public enum Outcome: UInt8, Sendable, CaseIterable {
        /// `info` holds a five-tuple.
        case flow
        /// The frame carries no IP packet (ARP, LLDP, 802.11 management …).
        case notIP
        /// The link type is one the dissector does not know.
        case unknownLinkType
        /// A link, VLAN, MPLS … or IP header is cut off before addresses are complete.
        case truncated
        /// A header before or at the IP addresses contradicts itself (`stopped` says which).
        case malformed
    }

    public var info: PacketInfo
    public var outcome: Outcome
    /// The protocols from the outside in, as far as they were decoded.
    public var path: LayerPath
    /// `nil` when every header decoded; otherwise where and why decoding ended. What was decoded above stays valid.
    public var stopped: DecodeFailure?

    public init(info: PacketInfo, outcome: Outcome, path: LayerPath = LayerPath(), stopped: DecodeFailure? = nil) {
        self.info = info
        self.outcome = outcome
        self.path = path
        self.stopped = stopped
    }
}

/// Which IP header of a tunnelled packet names the flow.
public enum TunnelMode: String, Sendable, CaseIterable {
    case outer, inner
}
