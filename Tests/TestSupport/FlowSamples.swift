import CaptureTestSupport
import Flows
import Headers

/// Tasks and rows of every shape: all key fields, prefixes, families, directions, and times at the edges.
public enum FlowSamples {
    public static func task(named name: String, using random: inout SeededGenerator) -> FlowTask {
        var fields = KeyFields()
        if Bool.random(using: &random) { fields.source = prefix(using: &random) }
        if Bool.random(using: &random) { fields.destination = prefix(using: &random) }
        fields.sourcePort = Bool.random(using: &random)
        fields.destinationPort = Bool.random(using: &random)
        fields.protocol = Bool.random(using: &random)
        fields.vlan = Bool.random(using: &random)
        return FlowTask(name: name, fields: fields, bidirectional: Bool.random(using: &random))
    }

    private static func prefix(using random: inout SeededGenerator) -> AddressPrefix {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: AddressPrefix(v4: 24, v6: 48)
        case 1: AddressPrefix(v4: UInt8.random(in: 0...32, using: &random), v6: .random(in: 0...128, using: &random))
        default: .whole
        }
    }

    public static func rows(_ count: Int, of task: FlowTask, using random: inout SeededGenerator) -> [FlowRecord] {
        (0..<count).map { _ in row(of: task, using: &random) }
    }

    /// A row whose key has only what the task asks for.
    public static func row(of task: FlowTask, using random: inout SeededGenerator) -> FlowRecord {
        let family: IPFamily =
            task.fields.source == nil && task.fields.destination == nil
            ? .none : Bool.random(using: &random) ? .v4 : .v6
        let source = address(family, task.fields.source, using: &random)
        let destination = address(family, task.fields.destination, using: &random)
        let key = FlowKey(
            sourceHigh: source.high, sourceLow: source.low,
            destinationHigh: destination.high, destinationLow: destination.low,
            meta: FlowKey.meta(
                sourcePort: task.fields.sourcePort ? .random(in: 0...65_535, using: &random) : 0,
                destinationPort: task.fields.destinationPort ? .random(in: 0...65_535, using: &random) : 0,
                vlan: task.fields.vlan ? .random(in: 0...4094, using: &random) : 0,
                protocol: task.fields.protocol ? .random(in: 0...255, using: &random) : 0, family: family.rawValue))
        var row = FlowRecord(
            key: key, packets: number(using: &random), bytes: number(using: &random),
            firstSeen: time(using: &random), lastSeen: time(using: &random),
            tcpFlags: .random(in: 0...255, using: &random))
        if task.bidirectional {
            row.reversePackets = number(using: &random)
            row.reverseBytes = number(using: &random)
            row.reverseTCPFlags = .random(in: 0...255, using: &random)
        }
        return row
    }

    /// An address that keeps no more bits than its prefix; all zero if the task has no such field.
    private static func address(
        _ family: IPFamily, _ prefix: AddressPrefix?, using random: inout SeededGenerator
    ) -> IPAddress {
        guard let prefix, family != .none else { return IPAddress(family: family, high: 0, low: 0) }
        if family == .v4 {
            let mask: UInt64 = 0xFFFF_FFFF << UInt64(32 - prefix.v4) & 0xFFFF_FFFF
            return IPAddress(v4: UInt32(random.next() & mask))
        }
        let high: UInt64 = prefix.v6 >= 64 ? .max : UInt64.max << UInt64(64 - prefix.v6)
        let low: UInt64 = prefix.v6 <= 64 ? 0 : UInt64.max << UInt64(128 - prefix.v6)
        return IPAddress(v6: random.next() & high, random.next() & low)
    }

    /// Small numbers mostly, up to 2^40 sometimes: a thousand of them have a sum.
    private static func number(using random: inout SeededGenerator) -> UInt64 {
        random.next() >> UInt64.random(in: 24...63, using: &random)
    }

    /// This century mostly; sometimes the edges of what an NTP timestamp tells alone and of 64 bits.
    private static func time(using random: inout SeededGenerator) -> Int64 {
        switch Int.random(in: 0..<20, using: &random) {
        case 0: [Int64.min, .max, 0, -1, 1].randomElement(using: &random) ?? 0
        case 1: 2_085_978_496_000_000_000 + .random(in: -2...2, using: &random)
        case 2: -61_505_152_000_000_000 + .random(in: -2...2, using: &random)
        case 3: Int64(bitPattern: random.next())
        default: .random(in: 1_600_000_000_000_000_000...1_900_000_000_000_000_000, using: &random)
        }
    }

    /// A result whose totals are those of its rows, with a row of evicted flows if asked for.
    public static func result(
        _ task: FlowTask, _ rows: [FlowRecord], other: FlowRecord? = nil, evictedFlows: UInt64 = 0
    ) -> TaskResult {
        let all = rows + (other.map { [$0] } ?? [])
        return TaskResult(
            task: task, rows: rows, other: other, evictedFlows: evictedFlows,
            totalPackets: all.reduce(0) { $0 &+ $1.packets &+ $1.reversePackets },
            totalBytes: all.reduce(0) { $0 &+ $1.bytes &+ $1.reverseBytes })
    }

    /// The row of evicted flows: its key is all zero.
    public static func other(of task: FlowTask, using random: inout SeededGenerator) -> FlowRecord {
        var row = row(of: task, using: &random)
        row.key = FlowKey(sourceHigh: 0, sourceLow: 0, destinationHigh: 0, destinationLow: 0, meta: 0)
        return row
    }
}
