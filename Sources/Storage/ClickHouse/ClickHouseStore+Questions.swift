import Flows
import Glibc
import Headers
import KernelIO
import Outputs

extension ClickHouseStore {
    /// Snapshots that count: of several with one id the first, without those that were merged into another.
    func records() throws(SystemFailure) -> [SnapshotRecord] {
        var reader = RowBinaryReader(
            try connection.send("SELECT * FROM snapshots ORDER BY time, id, tokens FORMAT RowBinary"))
        var records: [SnapshotRecord] = []
        var known: Set<UInt64> = []
        var replaced: Set<UInt64> = []
        while !reader.isAtEnd {
            guard let record = SnapshotRecord(&reader) else {
                throw SystemFailure(
                    operation: "read", path: name, errno: EINVAL, detail: "the table snapshots is damaged")
            }
            replaced.formUnion(record.replaced)
            if !record.isTombstone, known.insert(record.id).inserted { records.append(record) }
        }
        return records.filter { !replaced.contains($0.id) }
    }

    public func catalogue() throws(SystemFailure) -> StoreCatalogue {
        StoreCatalogue(snapshots: try records().map(\.stored), ledgers: try ledgers())
    }

    private func ledgers() throws(SystemFailure) -> [StoredLedger] {
        var reader = RowBinaryReader(
            try connection.send("SELECT * FROM ledger ORDER BY run_started, run, position, stage FORMAT RowBinary"))
        var ledgers: [(run: StoredRun, entries: [LedgerEntry])] = []
        var last = Int.max
        while !reader.isAtEnd {
            _ = reader.number(UInt16.self)
            let (id, started) = (reader.number(UInt64.self), reader.number(Int64.self))
            let source = reader.text()
            let run = StoredRun(
                id: id, started: started, source: source, isCumulative: reader.number(UInt8.self) != 0)
            let (stage, name, unit) = (Int(reader.number(UInt32.self)), reader.text(), reader.text())
            let (kind, cause) = (LedgerEntry.Kind(rawValue: reader.text()), reader.text())
            let (count, position) = (reader.number(UInt64.self), Int(clamping: reader.number(UInt64.self)))
            guard let kind, !reader.isDamaged else { break }
            if ledgers.last?.run != run { ledgers.append((run, [])) } else if position == last { continue }
            last = position
            ledgers[ledgers.count - 1].entries.append(
                LedgerEntry(stage: stage, name: name, unit: unit, kind: kind, cause: cause, count: count))
        }
        return ledgers.map { StoredLedger(run: $0.run, ledger: LedgerEntry.ledger(of: $0.entries)) }
    }

    public func answer(_ plan: QuestionPlan) throws(SystemFailure) -> FlowAnswer {
        var answer = FlowAnswer(plan)
        let records = Dictionary(try records().map { (Int64($0.id), $0) }, uniquingKeysWith: { first, _ in first })
        for span in plan.spans {
            // Runs may answer from different tasks; rows of one kind go into one statement.
            let tasks = Set(span.parts.map { $0.task })
            guard tasks.count == 1, let task = tasks.first else {
                try collect(span, plan, records, into: &answer)
                continue
            }
            let isAbleTo = plan.processes.isEmpty ? true : try hasProcesses()
            guard isAbleTo else {
                try collect(span, plan, records, into: &answer)
                continue
            }
            guard let question = question(task, span, plan, records) else { continue }
            try ask(question, span, into: &answer)
        }
        return answer
    }

    private func question(
        _ task: FlowTask, _ span: QuestionPlan.Span, _ plan: QuestionPlan, _ records: [Int64: SnapshotRecord]
    ) -> ClickHouseQuestion? {
        func tokens(_ weight: Int64) -> [UInt64] {
            span.parts.filter { $0.weight == weight }.flatMap { records[$0.snapshot]?.tokens(of: task) ?? [] }
        }
        let (added, removed) = (tokens(1), tokens(-1))
        guard let first = span.parts.map(\.time).min(), let last = span.parts.map(\.time).max(), !added.isEmpty else {
            return nil
        }
        return ClickHouseQuestion(
            plan: plan, stored: task, added: added, removed: removed,
            days: ClickHouseRows.day(first)...ClickHouseRows.day(last))
    }

    private func ask(
        _ question: ClickHouseQuestion, _ span: QuestionPlan.Span, into answer: inout FlowAnswer
    ) throws(SystemFailure) {
        let plan = question.plan
        var reader = RowBinaryReader(try connection.send(question.rows))
        var rows: [FlowAnswer.Row] = []
        while !reader.isAtEnd { rows.append(Self.row(&reader, span, plan)) }
        guard !reader.isDamaged else {
            throw SystemFailure(operation: "read", path: name, errno: EINVAL, detail: "the answer is damaged")
        }
        guard plan.limit != nil else { return answer.add(rows, plan) }
        var totals = RowBinaryReader(try connection.send(question.totals))
        answer.rows += rows
        answer.rowCount &+= totals.number()
        answer.totalPackets &+= totals.number()
        answer.totalBytes &+= totals.number()
    }

    private static func row(
        _ reader: inout RowBinaryReader, _ span: QuestionPlan.Span, _ plan: QuestionPlan
    ) -> FlowAnswer.Row {
        let family: UInt8 = reader.number()
        let address: [UInt64] = (0..<4).map { _ in reader.number() }
        let (source, destination, vlan) = (
            reader.number(UInt16.self), reader.number(UInt16.self), reader.number(UInt16.self)
        )
        let key = FlowKey(
            sourceHigh: address[0], sourceLow: address[1], destinationHigh: address[2], destinationLow: address[3],
            meta: FlowKey.meta(
                sourcePort: source, destinationPort: destination, vlan: vlan, protocol: reader.number(),
                family: family))
        let elements: UInt64 = reader.number()
        let counts: [UInt64] = (0..<4).map { _ in reader.number() }
        let (first, last) = (reader.number(Int64.self), reader.number(Int64.self))
        let (flags, reverseFlags) = (reader.number(UInt8.self), reader.number(UInt8.self))
        let bounds: [UInt64] = (0..<4).map { _ in reader.number() }
        let process = plan.processes.isEmpty ? RowProcess.unknown : self.process(&reader)
        let record = FlowRecord(
            key: key, packets: counts[0], bytes: counts[1], reversePackets: counts[2], reverseBytes: counts[3],
            firstSeen: first, lastSeen: last, tcpFlags: flags, reverseTCPFlags: reverseFlags)
        let bound = RowBound(
            packetsUnder: bounds[0], packetsOver: bounds[1], bytesUnder: bounds[2], bytesOver: bounds[3])
        return FlowAnswer.Row(
            time: plan.isTimed ? span.time : nil, record: record, bound: bound + span.bound,
            elements: plan.elements == nil ? nil : elements, process: process)
    }

    /// As `ClickHouseQuestion.processColumns` has them.
    private static func process(_ reader: inout RowBinaryReader) -> RowProcess {
        let state: UInt8 = reader.number()
        let process = reader.process()
        return RowProcess(state == 0 ? .unknown : state == 1 ? .several : .known(process))
    }

    /// Puts rows together here: what one statement cannot say.
    private func collect(
        _ span: QuestionPlan.Span, _ plan: QuestionPlan, _ records: [Int64: SnapshotRecord],
        into answer: inout FlowAnswer
    ) throws(SystemFailure) {
        var collector = RowCollector(plan, span)
        for part in span.parts {
            guard let record = records[part.snapshot] else { continue }
            try read(record, part.task) { collector.add($0, $1, $2, part) }
        }
        answer.add(collector.rows(), plan)
    }

    /// Hands out the rows of one task in a snapshot.
    func read(
        _ record: SnapshotRecord, _ task: FlowTask, _ body: (FlowRecord, RowBound, RowProcess) -> Void
    ) throws(SystemFailure) {
        let tokens = record.tokens(of: task).map(String.init).joined(separator: ",")
        if tokens.isEmpty { return }
        let day = ClickHouseRows.day(record.time)
        let hasProcesses = try hasProcesses()
        let processes = hasProcesses ? try processes(tokens) : [:]
        let columns = ClickHouseRows.columns(isAttributed: hasProcesses)
        var reader = RowBinaryReader(
            try connection.send(
                "SELECT \(columns) FROM flow_rows WHERE day = toDate(\(day)) AND token IN (\(tokens)) "
                    + "FORMAT RowBinary"))
        while !reader.isAtEnd {
            let (row, bound, token) = Self.storedRow(&reader)
            guard hasProcesses else {
                body(row, bound, .unknown)
                continue
            }
            let pair = ProcessPair(local: reader.number(), peer: reader.number())
            body(row, bound, (processes[token] ?? ProcessNumbers()).process(pair))
        }
    }

    /// Whether the tables have processes: those of before the third version do not, until somebody writes to them.
    func hasProcesses() throws(SystemFailure) -> Bool {
        if access == .write { return true }
        var reader = RowBinaryReader(
            try connection.send("SELECT toUInt32(max(version)) FROM schema_versions FORMAT RowBinary"))
        return reader.number(UInt32.self) >= 3
    }

    /// The processes that blocks of rows name, by token.
    private func processes(_ tokens: String) throws(SystemFailure) -> [UInt64: ProcessNumbers] {
        var reader = RowBinaryReader(
            try connection.send(
                "SELECT token, pid, uid, comm, cgroup FROM processes WHERE token IN (\(tokens)) ORDER BY token, id "
                    + "FORMAT RowBinary"))
        var processes: [UInt64: [FlowProcess]] = [:]
        while !reader.isAtEnd { processes[reader.number(), default: []].append(reader.process()) }
        return processes.mapValues { ProcessNumbers($0) }
    }

    private static func storedRow(_ reader: inout RowBinaryReader) -> (FlowRecord, RowBound, token: UInt64) {
        _ = (reader.number(UInt16.self), reader.number(Int64.self))
        let token: UInt64 = reader.number()
        let family: UInt8 = reader.number()
        let address: [UInt64] = (0..<4).map { _ in reader.number() }
        let (source, destination) = (reader.number(UInt16.self), reader.number(UInt16.self))
        let (number, vlan) = (reader.number(UInt8.self), reader.number(UInt16.self))
        let key = FlowKey(
            sourceHigh: address[0], sourceLow: address[1], destinationHigh: address[2], destinationLow: address[3],
            meta: FlowKey.meta(
                sourcePort: source, destinationPort: destination, vlan: vlan, protocol: number, family: family))
        let counts: [UInt64] = (0..<4).map { _ in reader.number() }
        let (first, last) = (reader.number(Int64.self), reader.number(Int64.self))
        let (flags, reverseFlags) = (reader.number(UInt8.self), reader.number(UInt8.self))
        let exactness = Exactness(rawValue: reader.number()) ?? .estimate
        let (packets, bytes) = (reader.number(UInt64.self), reader.number(UInt64.self))
        let row = FlowRecord(
            key: key, packets: counts[0], bytes: counts[1], reversePackets: counts[2], reverseBytes: counts[3],
            firstSeen: first, lastSeen: last, tcpFlags: flags, reverseTCPFlags: reverseFlags)
        return (row, RowBound(exactness, packets: packets, bytes: bytes), token)
    }

    /// The same row may have come twice; its copies are one.
    public var sketchTable: String { "sketch_rows FINAL" }

    public func answer(sql: String) throws(SystemFailure) -> AnswerTable {
        // readonly=2: nothing can be changed but settings, of which the address has some.
        let octets = try connection.send(sql + "\nFORMAT TabSeparatedWithNamesAndTypes", settings: "&readonly=2")
        return TabSeparated.table(String(decoding: octets, as: UTF8.self))
    }
}

extension SnapshotRecord {
    var stored: StoredSnapshot {
        StoredSnapshot(id: Int64(id), run: run, time: time, level: level, results: results)
    }

    func tokens(of task: FlowTask) -> [UInt64] {
        zip(tokenTasks, tokens).filter { Int($0.0) < results.count && results[Int($0.0)].task == task }.map(\.1)
    }
}
