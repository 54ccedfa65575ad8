import Flows
import KernelIO
import Octets
import Sketches

/// The directory of one sketch in a snapshot: its rows, one object per line, and its summary.
struct SketchDirectory: Sendable {
    var path: String
    var result: SketchResult
    var time: Int64

    /// The files that `write` makes.
    var files: [String] { [rowsPath, summaryPath] }
    private var rowsPath: String { "\(path)/rows.ndjson" }
    private var summaryPath: String { "\(path)/summary.json" }

    func write() throws(SystemFailure) {
        try FileTree.createDirectory(path)
        let text = SketchText(result)
        var rows = OctetBuffer()
        for row in result.rows { rows.append(text.json(row) + "\n") }
        try DescriptorWriter(creating: rowsPath).write(rows.octets)
        try DescriptorWriter(creating: summaryPath).write(Array((summary(text) + "\n").utf8).span)
    }

    private func summary(_ text: SketchText) -> String {
        var json = JSONText()
        json.object { json in
            json.member("aggregator_name", result.task.name)
            json.member("sketch", text.result.task.kind.name)
            json.member("rows", result.rows.count)
            json.member("total_packets", result.totalPackets)
            json.member("total_bytes", result.totalBytes)
            if let distinct = result.distinct {
                json.member("distinct", distinct.value)
                json.member("distinct_bound", distinct.bound)
            }
            json.member("keys_dropped", result.keysDropped)
            json.member("timestamp", CivilTime(nanoseconds: time).rfc3339)
            json.member("time", time)
            json.name("key_fields")
            json.array(result.task.fields.description.split(separator: ",")) { $0.string(String($1)) }
            json.name("element_fields")
            json.array((result.task.elements ?? KeyFields()).description.split(separator: ",")) {
                $0.string(String($1))
            }
        }
        return json.text
    }
}
