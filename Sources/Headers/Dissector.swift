import Octets

/// Takes frames apart, from the link header to the flow's ports: any link type, any nesting.
///
/// It never traps and never allocates; hostile octets give a `Dissection` that says where it stopped. It follows
/// Wireshark where specifications leave a choice (docs/conformance.md lists what that means).
public struct Dissector: Sendable {
    /// How many headers of a frame are followed. Real stacks stay below half of it; hostile ones end here.
    public static let headersMax = 32

    /// Which IP header names the flow.
    public let tunnels: TunnelMode

    public init(tunnels: TunnelMode = .outer) {
        self.tunnels = tunnels
    }

    /// Dissects one captured frame.
    ///
    /// - Parameters:
    ///   - frame: the captured octets, from the link header on.
    ///   - linkType: what the first header is.
    ///   - time: nanoseconds since 1970 UTC; only copied.
    ///   - wireLength: octets of the frame on the wire; tells cut packets from short ones.
    public func dissect(_ frame: Span<UInt8>, linkType: LinkType, time: Int64, wireLength: UInt32) -> Dissection {
        var layers = PacketLayers()
        return dissect(frame, linkType: linkType, time: time, wireLength: wireLength, layers: &layers)
    }

    /// The same, and where the payload of the packet that names the flow lies.
    ///
    /// - Parameter layers: overwritten where the link type is known.
    public func dissect(
        _ frame: Span<UInt8>, linkType: LinkType, time: Int64, wireLength: UInt32, layers: inout PacketLayers
    ) -> Dissection {
        var walk = Walk(tunnels: tunnels, capturedLength: frame.count, time: time, wireLength: wireLength)
        guard let first = Walk.first(of: linkType) else {
            walk.path.append(.unknownLinkType)
            return Dissection(info: walk.info, outcome: .unknownLinkType, path: walk.path)
        }
        walk.next = first
        walk.run(frame)
        layers = walk.layers
        return walk.dissection
    }
}
