import Flows

/// What `show` says behind the rows: the totals of the snapshots that it has read, also where it printed fewer rows.
public struct StoredSummary: Sendable {
    private struct Task: Sendable {
        var name: String
        var flows: Int
        var packets: UInt64
        var bytes: UInt64
        var evictedFlows: UInt64
    }

    private var snapshots: [(time: Int64, tasks: [Task])] = []
    /// What is wrong with what was read: a sentence each.
    public var problems: [String] = []

    public init() {}

    public mutating func add(_ snapshot: Snapshot) {
        let tasks = snapshot.results.map {
            Task(
                name: $0.task.name, flows: $0.flowCount, packets: $0.totalPackets, bytes: $0.totalBytes,
                evictedFlows: $0.evictedFlows)
        }
        snapshots.append((snapshot.time, tasks))
    }

    /// One object of `type: summary`, on one line.
    var json: String {
        var json = JSONText()
        json.object { json in
            json.member("type", "summary")
            json.name("snapshots")
            json.array(snapshots) { json, snapshot in
                json.object { json in
                    json.member("time", snapshot.time)
                    json.name("tasks")
                    json.array(snapshot.tasks) { json, task in Self.append(task, to: &json) }
                }
            }
            json.name("problems")
            json.array(problems) { $0.string($1) }
        }
        return json.text
    }

    private static func append(_ task: Task, to json: inout JSONText) {
        json.object { json in
            json.member("task", task.name)
            json.member("flows", task.flows)
            json.member("packets", task.packets)
            json.member("bytes", task.bytes)
            if task.evictedFlows > 0 { json.member("evicted_flows", task.evictedFlows) }
        }
    }
}
