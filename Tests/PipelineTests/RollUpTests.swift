import CaptureTestSupport
import Flows
import Headers
import Testing

@testable import Pipeline

/// Tasks whose rows follow from another's give what counting them packet by packet gives.
@Suite struct RollUpTests {
    @Test(arguments: 0..<16 as Range<UInt64>) func rolledUpTasksEqualThoseCountedAlone(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let fields = KeyFields(
            source: .whole, destination: .whole, sourcePort: true, destinationPort: true, protocol: true, vlan: true)
        // Everything follows from the first, so all others are rolled up.
        let tasks =
            [FlowTask(name: "all", fields: fields, bidirectional: seed % 4 == 3)]
            + (0..<8).map { _ in KeyDefinitions.random(&random) }.filter { $0.bidirectional || seed % 4 != 3 }
        #expect(TaskPlan(tasks).roots == [0])
        let frames = RandomTraffic.frames(1_000, seed: seed)
        var engine = Engine(tasks)
        engine.workers = Int(seed % 3) + 1
        let together = try engine.run(frames).last.tasks
        for (index, task) in tasks.enumerated() {
            engine.tasks = [task]
            let alone = try engine.run(frames).last.tasks[0]
            #expect(together[index] == alone, "\(task)")
        }
    }

    /// Sets in which some tasks are counted and others follow, in any order.
    @Test(arguments: 0..<10 as Range<UInt64>) func mixedSetsEqualTasksCountedAlone(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed + 50)
        let tasks = Array((KeyDefinitions.tasks.shuffled(using: &random).prefix(9)))
        let frames = RandomTraffic.frames(800, seed: seed)
        var engine = Engine(tasks)
        engine.workers = 2
        let together = try engine.run(frames).last.tasks
        for (index, task) in tasks.enumerated() {
            #expect(together[index].rows == ReferenceModel(task, frames).records, "\(task)")
        }
    }

    /// Their tables are not hashed.
    @Test(arguments: [1, 3]) func keysOfOneNumberEqualTheModel(workers: Int) throws {
        var all = KeyFields.fiveTuple
        all.vlan = true
        let tasks = [
            FlowTask(name: "all", fields: all), FlowTask(name: "from", fields: KeyFields(sourcePort: true)),
            FlowTask(name: "to", fields: KeyFields(destinationPort: true)),
            FlowTask(name: "protocol", fields: KeyFields(protocol: true)),
            FlowTask(name: "tag", fields: KeyFields(vlan: true)),
        ]
        let frames = RandomTraffic.frames(3_000, seed: 21)
        var engine = Engine(tasks)
        engine.workers = workers
        let results = try engine.run(frames).last.tasks
        for (index, task) in tasks.enumerated() {
            #expect(results[index].rows.count > 1)
            #expect(results[index].rows == ReferenceModel(task, frames).records, "\(task)")
        }
    }

    @Test func plansCountTheFinestTasksOnly() {
        let five = FlowTask(name: "five", fields: .fiveTuple)
        let fiveBoth = FlowTask(name: "five both", fields: .fiveTuple, bidirectional: true)
        let source = FlowTask(name: "source", fields: KeyFields(source: .whole))
        let network = FlowTask(name: "network", fields: KeyFields(source: AddressPrefix(v4: 24, v6: 48)))
        let odd = FlowTask(name: "odd", fields: KeyFields(source: AddressPrefix(v4: 25, v6: 40)))
        let tag = FlowTask(name: "tag", fields: KeyFields(vlan: true))
        func plan(_ tasks: FlowTask...) -> (roots: [Int], parents: [Int?]) {
            let plan = TaskPlan(tasks)
            return (plan.roots, plan.parents)
        }
        #expect(plan(five, source, network, tag) == ([0, 3], [nil, 0, 0, nil]))
        #expect(plan(network, source, five) == ([2], [2, 2, nil]))
        // Neither prefix covers the other in both families.
        #expect(plan(network, odd) == ([0, 1], [nil, nil]))
        // One-way follows from nothing that has merged the directions.
        #expect(plan(fiveBoth, source) == ([0, 1], [nil, nil]))
        #expect(plan(fiveBoth, five) == ([1], [1, nil]))
        // Of equal tasks the first is counted.
        #expect(plan(source, source, source) == ([0], [nil, 0, 0]))
        #expect(plan() == ([], []))
    }

    @Test(arguments: 0..<30 as Range<UInt64>) func everyPlanCoversItsTasks(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let tasks = (0..<12).map { _ in KeyDefinitions.random(&random) }
        let plan = TaskPlan(tasks)
        for index in tasks.indices {
            if let parent = plan.parents[index] {
                #expect(plan.roots.contains(parent) && tasks[index].canRollUp(from: tasks[parent]))
            } else {
                #expect(plan.roots.contains(index))
            }
        }
        for root in plan.roots {
            #expect(!plan.roots.contains { $0 != root && tasks[root].canRollUp(from: tasks[$0]) })
        }
    }

    /// What hosts sent and received, whoever spoke first.
    @Test(arguments: [false, true]) func endpointsAreWhatHostsSentAndReceived(isBidirectional: Bool) throws {
        let frames = RandomTraffic.frames(1_500, seed: 77)
        var engine = Engine(FlowTask(name: "flows", fields: .fiveTuple, bidirectional: isBidirectional))
        engine.workers = 3
        let found = try #require(try engine.run(frames).endpoints).rows
        func sums(_ fields: KeyFields) -> [IPAddress: FlowRecord] {
            let rows = ReferenceModel(FlowTask(name: "", fields: fields), frames).records
            return Dictionary(
                uniqueKeysWithValues: rows.map { (fields.source != nil ? $0.key.source : $0.key.destination, $0) })
        }
        let sent = sums(KeyFields(source: .whole)), received = sums(KeyFields(destination: .whole))
        #expect(Set(found.map(\.key.source)) == Set(sent.keys).union(received.keys))
        // A packet of a host to itself is one it sent and one it received. With both directions merged, packets between
        // two ports of one host are told by port, so both directions are both sent and received.
        for row in found {
            let host = row.key.source
            #expect(row.packets == sent[host]?.packets ?? 0 && row.bytes == sent[host]?.bytes ?? 0, "\(host)")
            #expect(row.reversePackets == received[host]?.packets ?? 0, "\(host)")
            #expect(row.reverseBytes == received[host]?.bytes ?? 0, "\(host)")
        }
    }
}
