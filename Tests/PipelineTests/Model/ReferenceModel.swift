import Flows
import Headers

/// Counting written down a second time, with dictionaries and one field at a time: what the engine must agree with.
struct ReferenceModel {
    let task: FlowTask
    private(set) var rows: [Key: Counts] = [:]

    init(_ task: FlowTask) { self.task = task }

    /// One end of a conversation, as far as the task tells ends apart.
    struct End: Hashable, Comparable {
        var address: [Bool]?
        var port: UInt16?

        static func < (a: End, b: End) -> Bool {
            for (bitA, bitB) in zip(a.address ?? [], b.address ?? []) where bitA != bitB { return bitB }
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
            source: end(packet.source, task.fields.source, task.fields.sourcePort ? packet.sourcePort : nil),
            destination: end(
                packet.destination, task.fields.destination, task.fields.destinationPort ? packet.destinationPort : nil),
            vlan: task.fields.vlan ? packet.vlan : nil,
            protocol: task.fields.protocol ? packet.protocol.rawValue : nil,
            family: task.fields.source == nil && task.fields.destination == nil ? nil : packet.source.family)
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

    private func end(_ address: IPAddress, _ prefix: AddressPrefix?, _ port: UInt16?) -> End {
        guard let prefix else { return End(address: nil, port: port) }
        let width = address.family == .v4 ? 32 : 128
        let kept = Int(address.family == .v4 ? prefix.v4 : prefix.v6)
        let bits = (0..<width).map { bit in
            let fromRight = width - 1 - bit
            let word = fromRight >= 64 ? address.high : address.low
            return bit < kept && word >> UInt64(fromRight % 64) & 1 == 1
        }
        return End(address: bits, port: port)
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
                sourceHigh: words(source.address).high, sourceLow: words(source.address).low,
                destinationHigh: words(destination.address).high, destinationLow: words(destination.address).low,
                meta: FlowKey.meta(
                    sourcePort: source.port ?? 0, destinationPort: destination.port ?? 0, vlan: key.vlan ?? 0,
                    protocol: key.protocol ?? 0, family: key.family?.rawValue ?? 0)),
            packets: counts.packets[forward], bytes: counts.bytes[forward], reversePackets: counts.packets[reverse],
            reverseBytes: counts.bytes[reverse], firstSeen: counts.first, lastSeen: counts.last,
            tcpFlags: counts.flags[forward], reverseTCPFlags: counts.flags[reverse])
    }

    private static func words(_ bits: [Bool]?) -> (high: UInt64, low: UInt64) {
        var high: UInt64 = 0, low: UInt64 = 0
        for bit in bits ?? [] {
            high = high << 1 | low >> 63
            low = low << 1 | (bit ? 1 : 0)
        }
        return (high, low)
    }
}

extension ReferenceModel {
    /// The model of a task after some frames, which the dissector takes apart one by one.
    init(_ task: FlowTask, _ frames: some Sequence<TestFrame>, tunnels: TunnelMode = .outer, filter: PacketFilter? = nil) {
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
