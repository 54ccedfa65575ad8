import Flows
import Octets
import Outputs

/// What a database holds, within a range of time.
public struct StoreSummary: Equatable, Sendable {
    /// One task of all snapshots together.
    public struct Task: Equatable, Sendable {
        public var task: FlowTask
        public var rowCount: UInt64 = 0
        public var packets: UInt64 = 0
        public var bytes: UInt64 = 0
        public var otherPackets: UInt64 = 0
    }

    public var snapshotCount: Int
    public var levels: [SnapshotLevel: Int]
    public var from: Int64?
    public var to: Int64?
    /// By name.
    public var tasks: [Task]
    /// Of the runs that have snapshots there.
    public var ledgers: [StoredLedger]
    public var runCount: Int

    /// - Parameter question: its range and task count.
    public init(_ question: FlowQuestion, _ catalogue: StoreCatalogue) {
        let range = question.range(newest: catalogue.snapshots.last?.time)
        let chosen = catalogue.snapshots.filter { range.contains($0.time) }
        snapshotCount = chosen.count
        levels = Dictionary(chosen.map { ($0.level, 1) }, uniquingKeysWith: +)
        self.from = chosen.first?.time
        self.to = chosen.last?.time
        let runs = Set(chosen.map(\.run))
        runCount = runs.count
        ledgers = catalogue.ledgers.filter { runs.contains($0.run) }
        var tasks: [FlowTask: Task] = [:]
        for (run, snapshots) in Dictionary(grouping: chosen, by: \.run) {
            let before = catalogue.snapshots.last { $0.run == run && $0.time < range.lowerBound }
            for snapshot in run.isCumulative ? snapshots.suffix(1) : snapshots[...] {
                for result in snapshot.results { tasks[result.task, default: Task(task: result.task)].add(result) }
            }
            guard run.isCumulative, let before else { continue }
            for result in before.results { tasks[result.task]?.take(result) }
        }
        self.tasks = tasks.values.filter { question.task == nil || $0.task.name == question.task }.sorted {
            ($0.task.name, $0.task.fields.description) < ($1.task.name, $1.task.fields.description)
        }
    }

    /// One row per task.
    public var table: AnswerTable {
        AnswerTable(
            columns: ["task", "key_fields", "bidirectional", "rows", "packets", "bytes", "other_packets"],
            rows: tasks.map {
                [
                    .text($0.task.name), .text($0.task.fields.description), .truth($0.task.bidirectional),
                    .unsigned($0.rowCount), .unsigned($0.packets), .unsigned($0.bytes), .unsigned($0.otherPackets),
                ]
            })
    }

    public var json: JSONText {
        var json = JSONText()
        json.object { json in
            json.member("snapshots", snapshotCount)
            json.member("runs", runCount)
            if let from { json.member("from", from) }
            if let to { json.member("to", to) }
            json.name("tasks")
            json.array(tasks) { json, task in
                json.object { json in
                    json.member("task", task.task.name)
                    json.member("key_fields", task.task.fields.description)
                    json.member("bidirectional", task.task.bidirectional)
                    json.member("rows", task.rowCount)
                    json.member("packets", task.packets)
                    json.member("bytes", task.bytes)
                    json.member("other_packets", task.otherPackets)
                }
            }
            json.name("ledgers")
            json.array(ledgers) { json, stored in
                json.object { json in
                    json.member("source", stored.run.source)
                    json.member("started", stored.run.started)
                    json.name("ledger")
                    stored.ledger.append(to: &json)
                }
            }
        }
        return json
    }

    public func text(title: String, isExact: Bool, width: Int?, style: Style) -> String {
        let counts = SnapshotLevel.allCases.compactMap { level in
            levels[level].map { "\(HumanUnits.grouped(UInt64($0))) \(level.plural)" }
        }
        var text = style.title(TextTable.printable(title)) + "  "
        if let from, let to {
            text += style.dim(
                "\(counts.joined(separator: ", ")) from \(CivilTime(nanoseconds: from).text) to "
                    + "\(CivilTime(nanoseconds: to).text) UTC")
        } else {
            text += style.dim("no snapshot")
        }
        var table = TextTable([
            TextTable.Column("Task", .left, canBeCut: true), TextTable.Column("Key", .left, canBeCut: true),
            TextTable.Column("Directions"), TextTable.Column("Rows"), TextTable.Column("Packets"),
            TextTable.Column("Bytes"),
        ])
        table.rows = tasks.map {
            [
                $0.task.name, $0.task.fields.description, $0.task.bidirectional ? "both" : "one",
                HumanUnits.grouped($0.rowCount), HumanUnits.grouped($0.packets),
                isExact ? HumanUnits.grouped($0.bytes) : HumanUnits.bytes($0.bytes),
            ]
        }
        text += "\n" + table.text(width: width, style: style)
        for stored in ledgers {
            text += "\n" + style.title(TextTable.printable(stored.run.source)) + "\n"
            text += ReportText(isExact: isExact, width: width, style: style).ledger(stored.ledger)
        }
        return text
    }
}

extension StoreSummary.Task {
    fileprivate mutating func add(_ result: StoredResult) {
        rowCount &+= result.rowCount
        packets &+= result.packets
        bytes &+= result.bytes
        otherPackets &+= result.other?.totalPackets ?? 0
    }

    /// What a cumulative count had before the range; its rows are still there.
    fileprivate mutating func take(_ result: StoredResult) {
        packets &-= result.packets
        bytes &-= result.bytes
        otherPackets &-= result.other?.totalPackets ?? 0
    }
}

extension SnapshotLevel {
    fileprivate var plural: String {
        switch self {
        case .raw: "snapshots"
        case .minute: "minutes"
        case .hour: "hours"
        case .day: "days"
        }
    }
}
