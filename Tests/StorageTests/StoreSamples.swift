import CaptureTestSupport
import Flows
import Headers
import KernelIO
import Storage

/// Snapshots with few addresses and ports, so that rows of different snapshots meet.
enum StoreSamples {
    static let minute: Int64 = 60_000_000_000
    /// 2024-02-29 00:00:00 UTC.
    static let start: Int64 = 1_709_164_800_000_000_000
    static let oneWay = FlowTask(name: "five_tuple", fields: .fiveTuple)
    static let bothWays = FlowTask(name: "conversations", fields: .fiveTuple, bidirectional: true)
    static let hosts = FlowTask(name: "hosts", fields: KeyFields(source: AddressPrefix(v4: 24, v6: 48)))
    static let ports = FlowTask(name: "ports", fields: KeyFields(destinationPort: true, protocol: true, vlan: true))

    static func key(_ fields: KeyFields, using random: inout SeededGenerator) -> FlowKey {
        let isWide = Int.random(in: 0..<4, using: &random) == 0
        func address(_ host: UInt64) -> IPAddress {
            isWide
                ? IPAddress(v6: 0x2001_0DB8_0000_0000 | (host & 1) << 16, host)
                : IPAddress(v4: UInt32(0x0A00_0000 | host))
        }
        let source = address(.random(in: 1...3, using: &random) | .random(in: 0...1, using: &random) << 8)
        let destination = address(.random(in: 1...3, using: &random) | .random(in: 0...1, using: &random) << 8)
        let number: UInt8 = [6, 6, 17, 1].randomElement(using: &random)!
        let hasPorts = number != 1
        let packet = PacketInfo(
            source: source, destination: destination, protocol: IPProtocol(rawValue: number),
            sourcePort: hasPorts ? [80, 443, 5000].randomElement(using: &random)! : 0,
            destinationPort: hasPorts ? [80, 443, 5000].randomElement(using: &random)! : 0,
            vlan: [0, 7].randomElement(using: &random)!)
        return KeyPlan(FlowTask(name: "", fields: fields)).masked(FlowKey(packet))
    }

    /// Up to `count` rows with different keys, seen in the minute before `time`.
    static func rows(_ count: Int, _ task: FlowTask, before time: Int64, using random: inout SeededGenerator)
        -> [FlowRecord]
    {
        var rows: [FlowKey: FlowRecord] = [:]
        for _ in 0..<count {
            var row = FlowRecord(key: key(task.fields, using: &random))
            row.packets = .random(in: 1...9, using: &random)
            row.bytes = row.packets * .random(in: 60...1500, using: &random)
            row.firstSeen = time - .random(in: 1...minute, using: &random)
            row.lastSeen = .random(in: row.firstSeen...time, using: &random)
            row.tcpFlags = .random(in: 0...31, using: &random)
            if task.bidirectional, Bool.random(using: &random), row.key.source != row.key.destination {
                row.reversePackets = .random(in: 1...9, using: &random)
                row.reverseBytes = row.reversePackets * 100
                row.reverseTCPFlags = .random(in: 0...31, using: &random)
            }
            // One row per conversation, whoever began it.
            var back = row.key
            back.swapEnds()
            if !task.bidirectional || rows[back] == nil { rows[row.key] = row }
        }
        return rows.values.sorted { $0.key < $1.key }
    }

    static func result(_ task: FlowTask, _ rows: any FlowRows, other: FlowRecord? = nil) -> TaskResult {
        var all: [FlowRecord] = []
        rows.read(0..<rows.count, into: &all)
        if let other { all.append(other) }
        return TaskResult(
            task: task, rows: rows, other: other, evictedFlows: other == nil ? 0 : 3,
            totalPackets: all.reduce(0) { $0 + $1.totalPackets }, totalBytes: all.reduce(0) { $0 + $1.totalBytes })
    }

    /// One snapshot per minute, each with what was seen in it.
    static func snapshots(
        _ count: Int, tasks: [FlowTask] = [oneWay, bothWays, hosts, ports], rowsMax: Int = 60, seed: UInt64
    ) -> [Snapshot] {
        var random = SeededGenerator(seed: seed)
        return (1...count).map { number in
            let time = start + Int64(number) * minute
            return Snapshot(
                time: time,
                results: tasks.map {
                    result($0, rows(.random(in: 1...rowsMax, using: &random), $0, before: time, using: &random))
                })
        }
    }

    /// The same as a cumulative run stores it.
    static func cumulative(_ snapshots: [Snapshot]) -> [Snapshot] {
        snapshots.indices.map { last in
            var merger = SnapshotMerger(isCumulative: false)
            for snapshot in snapshots[...last] { merger.add(snapshot) }
            return merger.take()!
        }
    }

    static func store(_ snapshots: [Snapshot], _ run: StoredRun, in store: any SnapshotStore) throws {
        for (index, snapshot) in snapshots.enumerated() { try store.store(snapshot, number: index + 1, of: run) }
    }

    static func ask(_ question: FlowQuestion, _ store: any SnapshotStore) throws -> FlowAnswer {
        try store.answer(QuestionPlan(question, store.catalogue()))
    }

    /// Questions of all kinds, for answers that must agree.
    static func questions() throws -> [(name: String, question: FlowQuestion)] {
        func question(_ name: String, _ change: (inout FlowQuestion) throws -> Void) rethrows -> (String, FlowQuestion)
        {
            var question = FlowQuestion()
            try change(&question)
            return (name, question)
        }
        func fields(_ text: String) throws -> KeyFields { try KeyFields(parsing: text) }
        var questions: [(String, FlowQuestion)] = [
            question("first task") { _ in },
            question("limit") { $0.limit = 3 },
            question("conversations") { $0.task = "conversations" },
            question("two-way of one-way") {
                $0.task = "five_tuple"; $0.isBidirectional = true
            },
            question("one-way of two-way") {
                $0.task = "conversations"; $0.isBidirectional = false
            },
            try question("by network") { $0.fields = try fields("SrcIP/24/48") },
            try question("by port") {
                $0.fields = try fields("DstPort,Protocol"); $0.order = .packets
            },
            try question("by VLAN") {
                $0.fields = try fields("VLAN"); $0.order = .key
            },
            try question("hosts, both ways") {
                $0.fields = try fields("SrcIP/31,DstIP/31")
                $0.task = "conversations"
                $0.isBidirectional = true
            },
            question("range") {
                $0.from = start + 2 * minute; $0.to = start + 4 * minute; $0.order = .firstSeen
            },
            question("last") {
                $0.last = 3 * minute; $0.order = .lastSeen
            },
            question("every") {
                $0.every = 2 * minute; $0.task = "ports"; $0.limit = 4
            },
            question("trace") {
                $0.every = 0; $0.task = "conversations"; $0.order = .duration
            },
            question("nothing") { $0.from = start + 1_000_000 * minute },
            try question("spread") {
                $0.elements = try fields("DstIP"); $0.order = .elements
            },
            try question("spread of conversations") {
                $0.task = "conversations"
                $0.fields = try fields("SrcIP")
                $0.elements = try fields("DstIP,DstPort")
                $0.order = .elements
                $0.limit = 5
            },
        ]
        for filter in [
            "dst_port == 443", "dst_port != 443", "not dst_port == 443", "host 10.0.0.1", "net 10.0.1.0/24",
            "src_ip == 2001:db8::/32 and port 80", "tcp_flags has {syn, fin}", "udp or icmp", "ip6",
            "src host 10.0.0.1 and (dst port 80 or dst port 443) and not udp", "src_port in {80, 1000-6000}",
            "src and dst net 10.0.0.0/24", "dst_port > 443 or src_ip != 10.0.0.2", "protocol not in {6, 17}",
        ] {
            for task in ["five_tuple", "conversations"] {
                questions.append(
                    try question("\(task) where \(filter)") {
                        $0.task = task
                        $0.filter = try PacketFilter(parsing: filter)
                    })
            }
        }
        return questions
    }
}
