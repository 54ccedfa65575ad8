import Headers

/// Every field a task can ask for, in a fixed layout: a task's key is this key **and**ed with the task's mask.
///
/// `meta`, from the high bits down: source port 16, destination port 16, VLAN 16, protocol 8, IP version 8.
/// IPv4 addresses stand in the low words; the high words are then 0.
@frozen public struct FlowKey: Hashable, Sendable, BitwiseCopyable {
    public var sourceHigh: UInt64, sourceLow: UInt64
    public var destinationHigh: UInt64, destinationLow: UInt64
    public var meta: UInt64

    @inlinable @inline(__always)
    public init(sourceHigh: UInt64, sourceLow: UInt64, destinationHigh: UInt64, destinationLow: UInt64, meta: UInt64) {
        self.sourceHigh = sourceHigh
        self.sourceLow = sourceLow
        self.destinationHigh = destinationHigh
        self.destinationLow = destinationLow
        self.meta = meta
    }

    @inlinable @inline(__always) public init(_ packet: PacketInfo) {
        self.init(
            sourceHigh: packet.source.high, sourceLow: packet.source.low,
            destinationHigh: packet.destination.high, destinationLow: packet.destination.low,
            meta: FlowKey.meta(
                sourcePort: packet.sourcePort, destinationPort: packet.destinationPort, vlan: packet.vlan,
                protocol: packet.protocol.rawValue, family: packet.source.family.rawValue))
    }

    @inlinable @inline(__always)
    public static func meta(
        sourcePort: UInt16, destinationPort: UInt16, vlan: UInt16, protocol: UInt8, family: UInt8
    ) -> UInt64 {
        UInt64(sourcePort) << 48 | UInt64(destinationPort) << 32 | UInt64(vlan) << 16
            | UInt64(`protocol`) << 8 | UInt64(family)
    }

    /// The addresses' family; `.none` where the key has no address field.
    @inlinable @inline(__always) public var family: IPFamily {
        IPFamily(rawValue: UInt8(truncatingIfNeeded: meta)) ?? .none
    }
    @inlinable @inline(__always) public var source: IPAddress {
        IPAddress(family: family, high: sourceHigh, low: sourceLow)
    }
    @inlinable @inline(__always) public var destination: IPAddress {
        IPAddress(family: family, high: destinationHigh, low: destinationLow)
    }
    @inlinable @inline(__always) public var sourcePort: UInt16 { UInt16(truncatingIfNeeded: meta >> 48) }
    @inlinable @inline(__always) public var destinationPort: UInt16 { UInt16(truncatingIfNeeded: meta >> 32) }
    @inlinable @inline(__always) public var vlan: UInt16 { UInt16(truncatingIfNeeded: meta >> 16) }
    @inlinable @inline(__always) public var `protocol`: UInt8 { UInt8(truncatingIfNeeded: meta >> 8) }
}

extension FlowKey: Comparable {
    /// IPv4 before IPv6, then source address, destination address, source port, destination port, VLAN, protocol.
    @inlinable @inline(__always) public static func < (a: Self, b: Self) -> Bool {
        let familyA = a.meta & 0xFF, familyB = b.meta & 0xFF
        if familyA != familyB { return familyA < familyB }
        if a.sourceHigh != b.sourceHigh { return a.sourceHigh < b.sourceHigh }
        if a.sourceLow != b.sourceLow { return a.sourceLow < b.sourceLow }
        if a.destinationHigh != b.destinationHigh { return a.destinationHigh < b.destinationHigh }
        if a.destinationLow != b.destinationLow { return a.destinationLow < b.destinationLow }
        return a.meta < b.meta
    }
}
