import Flows
import KernelIO

/// Decoded packets on their way from one worker's decoder to the aggregators, the families apart so that the loops over
/// them do not branch.
public struct PacketBatch: ~Copyable, Sendable {
    /// The most packets of both families together.
    static let capacity = 256

    var compact = MappedArray<FlowPacket<CompactKey>>(count: capacity)
    var wide = MappedArray<FlowPacket<FlowKey>>(count: capacity)
    var compactCount = 0
    var wideCount = 0

    init() {}
}
