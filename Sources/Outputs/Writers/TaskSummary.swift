import Flows
import Octets

/// What `summary.json` says about a task in a snapshot.
struct TaskSummary {
    var result: TaskResult
    var time: Int64
    var shards: Int

    init(_ result: TaskResult, time: Int64, shards: Int) {
        self.result = result
        self.time = time
        self.shards = shards
    }

    /// One object. `total_flows` counts all rows, written or not; the row of evicted flows is counted in
    /// `total_packets` and `total_bytes`.
    var json: String {
        var json = JSONText()
        json.object { json in
            json.member("aggregator_name", result.task.name)
            json.member("total_flows", result.flowCount)
            json.member("total_bytes", result.totalBytes)
            json.member("total_packets", result.totalPackets)
            json.member("shards", shards)
            json.member("timestamp", CivilTime(nanoseconds: time).rfc3339)
            json.member("time", time)
            json.name("key_fields")
            json.array(result.task.fields.description.split(separator: ",")) { $0.string(String($1)) }
            json.member("bidirectional", result.task.bidirectional)
            if let other = result.other { Self.append(other, result, to: &json) }
        }
        return json.text
    }

    private static func append(_ other: FlowRecord, _ result: TaskResult, to json: inout JSONText) {
        json.member("evicted_flows", result.evictedFlows)
        json.name("other")
        json.object { json in
            json.member("packets", other.packets)
            json.member("bytes", other.bytes)
            if result.task.bidirectional {
                json.member("reverse_packets", other.reversePackets)
                json.member("reverse_bytes", other.reverseBytes)
            }
        }
    }
}
