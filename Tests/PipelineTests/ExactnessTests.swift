import CaptureTestSupport
import Flows
import Headers
import PacketTestSupport
import Pipeline
import Testing

/// Rows are what counting with dictionaries gives.
@Suite struct ExactnessTests {
    @Test(arguments: KeyDefinitions.tasks) func everyTaskCountsExactly(task: FlowTask) throws {
        for seed in [1, 2] as [UInt64] {
            let frames = RandomTraffic.frames(1_500, seed: seed)
            for tunnels in TunnelMode.allCases {
                var engine = Engine(task)
                engine.tunnels = tunnels
                engine.workers = Int(seed)
                let rows = try engine.run(frames).last.tasks[0].rows
                #expect(rows == ReferenceModel(task, frames, tunnels: tunnels).records, "\(task) \(tunnels)")
            }
        }
    }

    @Test(arguments: 0..<12 as Range<UInt64>) func randomTasksCountExactly(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let tasks = (0..<8).map { _ in KeyDefinitions.random(&random) }
        let frames = RandomTraffic.frames(1_200, seed: seed + 100)
        var engine = Engine(tasks)
        engine.workers = Int(seed % 4) + 1
        let last = try engine.run(frames).last
        for (task, found) in zip(tasks, last.tasks) {
            #expect(found.rows == ReferenceModel(task, frames).records, "\(task)")
        }
    }

    @Test func syntheticTrafficIsCountedExactlyWhileTablesGrow() throws {
        let frames = try RandomTraffic.synthetic(packets: 40_000, flows: 15_000, seed: 5)
        for (workers, isBidirectional) in [(1, true), (1, false), (2, true)] {
            let task = FlowTask(name: "flows", fields: .fiveTuple, bidirectional: isBidirectional)
            var engine = Engine(task)
            engine.workers = workers
            let rows = try engine.run(frames).last.tasks[0].rows
            #expect(rows.count > 12_000)
            #expect(rows == ReferenceModel(task, frames).records)
        }
    }

    /// Flows are handed to their owners when there are many, and at each cut: whenever that is, all say the same.
    @Test(arguments: [false, true]) func whenFlowsAreSharedOutMakesNoDifference(cumulative: Bool) throws {
        let frames = RandomTraffic.frames(3_000, seed: 11)
        let fields = [
            KeyFields.fiveTuple, KeyFields(source: AddressPrefix(v4: 32, v6: 128)), KeyFields(protocol: true),
        ]
        let tasks = fields.enumerated().map { FlowTask(name: "\($0)", fields: $1, bidirectional: $0 == 0) }
        let times = frames.map(\.time)
        var engine = Engine(tasks)
        engine.cumulative = cumulative
        engine.interval = try (#require(times.max()) - #require(times.min())) / 5
        let expected = try engine.run(frames)
        #expect(expected.periodic.count >= 4 && expected.last.tasks[0].rows.count > 100)
        for workers in [2, 3, 8] {
            for unsharedFlows in [0, 1, 30, 300, .max] {
                engine.workers = workers
                engine.unsharedFlows = unsharedFlows
                #expect(try engine.run(frames).all == expected.all, "\(workers) workers, \(unsharedFlows) flows")
            }
        }
    }

    @Test func filteredPacketsAreNotCounted() throws {
        let frames = RandomTraffic.frames(2_000, seed: 3)
        let filter = try PacketFilter(parsing: "tcp and not src_ip == 10.0.0.0/24 or vlan == 7")
        for task in [FlowTask(name: "flows", fields: .fiveTuple, bidirectional: true)] {
            for workers in 1...3 {
                var engine = Engine(task)
                engine.filter = filter
                engine.workers = workers
                let result = try engine.run(frames)
                #expect(result.counts.filtered.packets > 0 && result.counts.delivered.packets > 0)
                #expect(result.last.tasks[0].rows == ReferenceModel(task, frames, filter: filter).records)
            }
        }
    }

    /// What a row says of its initiator, case by case.
    @Test func theInitiatorIsTheSenderOfTheEarliestPacket() throws {
        let low = Packets.alice, high = Packets.bob
        func frame(_ time: Int64, _ source: IPAddress, _ destination: IPAddress, _ ports: (UInt16, UInt16)) -> TestFrame
        {
            TestFrame(
                time: time,
                octets: Packets.ethernet(
                    .ipv4, Packets.ipv4(.tcp, Packets.tcp(ports.0, ports.1), from: source, to: destination)))
        }
        func row(_ frames: [TestFrame], _ fields: KeyFields = .fiveTuple) throws -> FlowRecord {
            let rows = try Engine(FlowTask(name: "row", fields: fields, bidirectional: true)).run(frames).last.tasks[0]
                .rows
            return try #require(rows.count == 1 ? rows[0] : nil)
        }
        let up = frame(10, low, high, (1_000, 80)), down = frame(10, high, low, (80, 1_000))
        // The higher end sent first.
        let answered = try row([frame(9, high, low, (80, 1_000)), up])
        #expect(answered.key.source == high && answered.packets == 1 && answered.reversePackets == 1)
        // Equal times: the lower end, in whatever order they stand.
        #expect(try row([up, down]).key.source == low)
        #expect(try row([down, up]).key.source == low)
        // The earliest packet comes last.
        let late = try row([up, up, frame(3, high, low, (80, 1_000))])
        #expect(late.key.source == high && late.packets == 1 && late.reversePackets == 2)
        #expect(late.firstSeen == 3 && late.lastSeen == 10)
        // One address, two ports: the lower port is the lower end.
        let ownPorts = [frame(5, low, low, (80, 1_000)), frame(5, low, low, (1_000, 80))]
        #expect(try row(ownPorts).key.sourcePort == 80)
        #expect(try row(ownPorts).reversePackets == 1)
        // One address and port: there are no two directions.
        #expect(try row([frame(5, low, low, (80, 80)), frame(6, low, low, (80, 80))]).packets == 2)
        // One network: the same.
        let network = KeyFields(source: AddressPrefix(v4: 8, v6: 8), destination: AddressPrefix(v4: 8, v6: 8))
        let hosts = (IPAddress(v4: 0x0A00_0001), IPAddress(v4: 0x0A00_0002))
        let inside = try row([frame(5, hosts.1, hosts.0, (1, 2)), frame(6, hosts.0, hosts.1, (2, 1))], network)
        #expect(inside.packets == 2 && inside.reversePackets == 0)
    }

    @Test(arguments: RowOrder.allCases) func rowsComeInTheOrderAskedFor(order: RowOrder) throws {
        let frames = RandomTraffic.frames(2_500, seed: 9)
        let task = FlowTask(name: "flows", fields: .fiveTuple, bidirectional: true)
        let expected = ReferenceModel(task, frames).records.sorted { a, b in
            switch order {
            case .bytes where a.totalBytes != b.totalBytes: a.totalBytes > b.totalBytes
            case .packets where a.totalPackets != b.totalPackets: a.totalPackets > b.totalPackets
            case .firstSeen where a.firstSeen != b.firstSeen: a.firstSeen > b.firstSeen
            case .lastSeen where a.lastSeen != b.lastSeen: a.lastSeen > b.lastSeen
            case .duration where a.lastSeen - a.firstSeen != b.lastSeen - b.firstSeen:
                a.lastSeen - a.firstSeen > b.lastSeen - b.firstSeen
            default: a.key < b.key
            }
        }
        for limit in [nil, 0, 1, 2, 10, 57, expected.count - 1, expected.count, expected.count + 5] {
            var engine = Engine(task)
            engine.order = order
            engine.limit = limit
            engine.workers = 2
            #expect(
                try engine.run(frames).last.tasks[0].rows == Array(expected.prefix(limit ?? .max)), "\(limit ?? -1)")
        }
    }

    @Test func aCaptureWithoutFramesHasNoRows() throws {
        for workers in [1, 4] {
            var engine = Engine(KeyDefinitions.tasks)
            engine.workers = workers
            engine.interval = 1_000
            let result = try engine.run([])
            #expect(result.periodic.isEmpty && result.last.tasks.allSatisfy { $0.rows.isEmpty && $0.other == nil })
            #expect(result.counts.firstTime == nil && result.counts.lastTime == nil)
        }
    }

    @Test func timesOfTheRunLeaveOutFramesWithoutOne() throws {
        let frame = Packets.ethernet(.ipv4, Packets.ipv4(.tcp, Packets.tcp(1, 2)))
        let engine = Engine(FlowTask(name: "flows", fields: .fiveTuple))
        let timeless = try engine.run([TestFrame(time: 0, octets: frame)])
        #expect(timeless.counts.firstTime == nil && timeless.counts.lastTime == nil)
        let mixed = try engine.run([0, 70, 90, 50].map { TestFrame(time: $0, octets: frame) })
        #expect(mixed.counts.firstTime == 50 && mixed.counts.lastTime == 90)
    }
}
