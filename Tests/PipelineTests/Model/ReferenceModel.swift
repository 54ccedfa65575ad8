import Flows
import Headers

/// Counting written down a second time, with dictionaries and one field at a time: what the engine must agree with.
struct ReferenceModel {
    let task: FlowTask
    private(set) var rows: [Key: Counts] = [:]
    /// The bits of an address that count, by family and whether it is the source.
    private let kept: [[IPAddress]]

    init(_ task: FlowTask) {
        self.task = task
        kept = [task.fields.source, task.fields.destination].map { prefix in
            [
                Self.leadingBits(Int(prefix?.v4 ?? 0), of: 32, .v4),
                Self.leadingBits(Int(prefix?.v6 ?? 0), of: 128, .v6),
            ]
        }
    }

    private static func leadingBits(_ count: Int, of width: Int, _ family: IPFamily) -> IPAddress {
        var mask = IPAddress(family: family, high: 0, low: 0)
        for bit in 0..<count {
            let fromRight = width - 1 - bit
            if fromRight >= 64 { mask.high |= 1 << UInt64(fromRight - 64) } else { mask.low |= 1 << UInt64(fromRight) }
        }
        return mask
    }

    /// One end of a conversation, as far as the task tells ends apart.
    struct End: Hashable, Comparable {
        var address: IPAddress?
        var port: UInt16?

        static func < (a: End, b: End) -> Bool {
            if let first = a.address, let second = b.address, first != second { return first < second }
            return a.port ?? 0 < b.port ?? 0
        }
    }

    struct Key: Hashable {
        var source: End
        var destination: End
        var vlan: UInt16?
        var `protocol`: UInt8?
        /// Only where an address is in the key: without one, IPv4 and IPv6 share rows.
        var family: IPFamily?
    }

    struct Counts {
        var packets: [UInt64] = [0, 0]
        var bytes: [UInt64] = [0, 0]
        var flags: [UInt8] = [0, 0]
        var first = Int64.max
        var last = Int64.min
        /// Directions with a packet at `first`.
        var firstDirections: Set<Int> = []
    }

    mutating func count(_ packet: PacketInfo) {
        var key = Key(
            source: end(packet.source, isSource: true), destination: end(packet.destination, isSource: false),
            vlan: task.fields.vlan ? packet.vlan : nil,
            protocol: task.fields.protocol ? packet.protocol.rawValue : nil,
            family: task.fields.source == nil && task.fields.destination == nil ? nil : packet.source.family)
        if task.fields.sourcePort { key.source.port = packet.sourcePort }
        if task.fields.destinationPort { key.destination.port = packet.destinationPort }
        var direction = 0
        if task.bidirectional, key.destination < key.source {
            swap(&key.source, &key.destination)
            direction = 1
        }
        var counts = rows[key] ?? Counts()
        counts.packets[direction] += 1
        counts.bytes[direction] += UInt64(packet.wireLength)
        counts.flags[direction] |= packet.tcpFlags.rawValue
        if packet.time < counts.first { counts.firstDirections = [] }
        counts.first = min(counts.first, packet.time)
        counts.last = max(counts.last, packet.time)
        if packet.time == counts.first { counts.firstDirections.insert(direction) }
        rows[key] = counts
    }

    private func end(_ address: IPAddress, isSource: Bool) -> End {
        let isAsked = (isSource ? task.fields.source : task.fields.destination) != nil
        let mask = kept[isSource ? 0 : 1][address.family == .v4 ? 0 : 1]
        let masked = IPAddress(family: address.family, high: address.high & mask.high, low: address.low & mask.low)
        return End(address: isAsked ? masked : nil, port: nil)
    }

    /// The rows as the engine gives them, in the order of their keys.
    var records: [FlowRecord] {
        rows.map { Self.record($0.key, $0.value) }.sorted { $0.key < $1.key }
    }

    private static func record(_ key: Key, _ counts: Counts) -> FlowRecord {
        // The sender of the earliest packet; on ties the lower end.
        let isReverse = !counts.firstDirections.contains(0)
        let (forward, reverse) = isReverse ? (1, 0) : (0, 1)
        let source = isReverse ? key.destination : key.source
        let destination = isReverse ? key.source : key.destination
        return FlowRecord(
            key: FlowKey(
                sourceHigh: source.address?.high ?? 0, sourceLow: source.address?.low ?? 0,
                destinationHigh: destination.address?.high ?? 0, destinationLow: destination.address?.low ?? 0,
                meta: FlowKey.meta(
                    sourcePort: source.port ?? 0, destinationPort: destination.port ?? 0, vlan: key.vlan ?? 0,
                    protocol: key.protocol ?? 0, family: key.family?.rawValue ?? 0)),
            packets: counts.packets[forward], bytes: counts.bytes[forward], reversePackets: counts.packets[reverse],
            reverseBytes: counts.bytes[reverse], firstSeen: counts.first, lastSeen: counts.last,
            tcpFlags: counts.flags[forward], reverseTCPFlags: counts.flags[reverse])
    }
}

extension ReferenceModel {
    /// The model of a task after some frames, which the dissector takes apart one by one.
    init(
        _ task: FlowTask, _ frames: some Sequence<TestFrame>, tunnels: TunnelMode = .outer, filter: PacketFilter? = nil
    ) {
        self.init(task)
        let dissector = Dissector(tunnels: tunnels)
        for frame in frames {
            let dissection = dissector.dissect(
                frame.octets.span, linkType: frame.linkType, time: frame.time, wireLength: frame.wireLength)
            guard dissection.outcome == .flow, filter?.matches(dissection.info) ?? true else { continue }
            count(dissection.info)
        }
    }
}
