/// How a task's key is cut out of the full key: masks, and the orientation of bidirectional keys.
@frozen public struct KeyPlan: Sendable, Equatable {
    /// For IPv4 (and packets without an address in the key), and for IPv6.
    public let compactAddresses: UInt64
    public let compactMeta: UInt64
    public let wide: FlowKey
    public let bidirectional: Bool
    /// Whether the key has an address field; without one, both families share their rows.
    public let hasAddresses: Bool

    public init(_ task: FlowTask) {
        let fields = task.fields
        let source = fields.source ?? AddressPrefix(v4: 0, v6: 0)
        let destination = fields.destination ?? AddressPrefix(v4: 0, v6: 0)
        hasAddresses = fields.source != nil || fields.destination != nil
        compactAddresses =
            Self.leadingBits(Int(source.v4), of: 32) << 32 | Self.leadingBits(Int(destination.v4), of: 32)
        let meta = FlowKey.meta(
            sourcePort: fields.sourcePort ? 0xFFFF : 0, destinationPort: fields.destinationPort ? 0xFFFF : 0,
            vlan: fields.vlan ? 0xFFFF : 0, protocol: fields.protocol ? 0xFF : 0, family: hasAddresses ? 0xFF : 0)
        compactMeta = meta
        wide = FlowKey(
            sourceHigh: Self.leadingBits(Int(source.v6), of: 64),
            sourceLow: Self.leadingBits(Int(source.v6) - 64, of: 64),
            destinationHigh: Self.leadingBits(Int(destination.v6), of: 64),
            destinationLow: Self.leadingBits(Int(destination.v6) - 64, of: 64), meta: meta)
        bidirectional = task.bidirectional
    }

    /// The mask of the first `count` of `width` bits; `count` may lie outside 0 ... `width`.
    private static func leadingBits(_ count: Int, of width: Int) -> UInt64 {
        if count <= 0 { return 0 }
        let ones = width == 64 ? UInt64.max : (1 << UInt64(width)) - 1
        return count >= width ? ones : ones & ~(ones >> UInt64(count))
    }

    /// Whether a packet of this family is kept under a `CompactKey`.
    @inlinable @inline(__always) public func isCompact(_ key: FlowKey) -> Bool {
        !hasAddresses || key.meta & 0xFF != 6
    }

    /// The task's key of a full key, and its direction: 1 where the two ends were swapped to give both directions of a
    /// conversation one key. The end with the lower address and port comes first.
    ///
    @inlinable @inline(__always) public func compact(_ key: CompactKey) -> (key: CompactKey, direction: UInt8) {
        let addresses = key.addresses & compactAddresses
        let meta = key.meta & compactMeta
        guard bidirectional else { return (CompactKey(addresses: addresses, meta: meta), 0) }
        // The ends exchanged; whether that is the lower key tells which way round this one is. Both are equally likely,
        // so nothing here branches on it.
        let turned = addresses << 32 | addresses >> 32
        let ports = UInt32(truncatingIfNeeded: meta >> 32)
        let turnedPorts = ports << 16 | ports >> 16
        let direction = bit(addresses > turned) | bit(addresses == turned) & bit(ports > turnedPorts)
        let all = 0 &- direction
        return (
            CompactKey(
                addresses: addresses ^ (addresses ^ turned) & all,
                meta: meta ^ (UInt64(ports ^ turnedPorts) << 32) & all),
            UInt8(truncatingIfNeeded: direction)
        )
    }

    /// As `compact`, for keys with IPv6 addresses.
    @inlinable @inline(__always) public func wide(_ key: FlowKey) -> (key: FlowKey, direction: UInt8) {
        var masked = FlowKey(
            sourceHigh: key.sourceHigh & wide.sourceHigh, sourceLow: key.sourceLow & wide.sourceLow,
            destinationHigh: key.destinationHigh & wide.destinationHigh,
            destinationLow: key.destinationLow & wide.destinationLow, meta: key.meta & wide.meta)
        guard bidirectional, masked.sourceIsAbove else { return (masked, 0) }
        masked.swapEnds()
        return (masked, 1)
    }
}

/// 1 for `true`, 0 for `false`.
@inlinable @inline(__always) func bit(_ isSet: Bool) -> UInt64 { isSet ? 1 : 0 }

extension FlowKey {
    @inlinable @inline(__always) var sourceIsAbove: Bool {
        if sourceHigh != destinationHigh { return sourceHigh > destinationHigh }
        if sourceLow != destinationLow { return sourceLow > destinationLow }
        return meta >> 48 > (meta >> 32) & 0xFFFF
    }

    /// Exchanges source and destination.
    @inlinable @inline(__always) public mutating func swapEnds() {
        swap(&sourceHigh, &destinationHigh)
        swap(&sourceLow, &destinationLow)
        meta = ((meta >> 32) & 0xFFFF) << 48 | (meta >> 48) << 32 | meta & 0xFFFF_FFFF
    }
}

extension KeyPlan {
    /// Where in `meta` the number stands that is the whole of a one-way key, and how many there are of it: for keys of
    /// one port, a protocol or a VLAN.
    public var numberField: (shift: UInt64, count: Int)? {
        guard !hasAddresses, !bidirectional, compactMeta != 0 else { return nil }
        let shift = UInt64(compactMeta.trailingZeroBitCount)
        let highest = compactMeta >> shift
        // Ones without a gap.
        guard highest <= 0xFFFF, highest & (highest + 1) == 0 else { return nil }
        return (shift, Int(highest) + 1)
    }

    /// What a flow of a finer task is in this one: its key, and its counters in that key's orientation.
    @inlinable public func rolledUp<Key: TableKey>(_ entry: FlowEntry<Key>) -> FlowEntry<Key> {
        let (key, direction) = entry.key.masked(by: self)
        guard bidirectional else { return FlowEntry(key: key, counters: entry.counters) }
        // Within one host or prefix there are no two directions, just as for single packets.
        if key.hasEqualEnds { return FlowEntry(key: key, counters: entry.counters.folded) }
        return FlowEntry(key: key, counters: direction == 0 ? entry.counters : entry.counters.swapped)
    }
}

extension FlowTask {
    /// Whether this task's rows follow from those of `finer`: its key is a part of the other's, and it does not tell
    /// directions apart that the other has merged.
    public func canRollUp(from finer: FlowTask) -> Bool {
        guard bidirectional || !finer.bidirectional else { return false }
        // What a task with a limit of its own has evicted is missing in its rows alone.
        guard memoryLimit == nil, finer.memoryLimit == nil else { return false }
        func covers(_ wide: AddressPrefix?, _ narrow: AddressPrefix?) -> Bool {
            guard let narrow else { return true }
            guard let wide else { return false }
            return narrow.v4 <= wide.v4 && narrow.v6 <= wide.v6
        }
        return covers(finer.fields.source, fields.source) && covers(finer.fields.destination, fields.destination)
            && (finer.fields.sourcePort || !fields.sourcePort)
            && (finer.fields.destinationPort || !fields.destinationPort)
            && (finer.fields.protocol || !fields.protocol) && (finer.fields.vlan || !fields.vlan)
    }
}
