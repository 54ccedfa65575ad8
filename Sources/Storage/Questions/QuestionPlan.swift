import Flows

/// Which rows of which snapshots answer a question. Databases carry it out and decide nothing, so all give one answer.
public struct QuestionPlan: Sendable {
    /// The rows of one task in one snapshot, to be added or, with a weight of -1, taken away.
    public struct Part: Equatable, Sendable {
        public var snapshot: Int64
        /// Of the snapshot, for databases that are divided by time.
        public var time: Int64
        public var task: FlowTask
        public var weight: Int64
    }

    /// A span of time that gets rows of its own.
    public struct Span: Equatable, Sendable {
        /// The last snapshot's.
        public var time: Int64
        public var parts: [Part]
        /// What evicted flows may have taken from any row, and their sums.
        public var bound = RowBound.none
        public var otherPackets: UInt64 = 0
        public var otherBytes: UInt64 = 0
    }

    public var spans: [Span]
    /// What rows are put together by.
    public var task: FlowTask
    public var elements: KeyFields?
    public var processes: ProcessFields
    public var filter: PacketFilter?
    public var order: AnswerOrder
    public var limit: Int?
    /// Whether rows name their span's time.
    public var isTimed: Bool
    public var snapshotCount: Int
    /// The first and last of the snapshots' times; `nil` without any.
    public var from: Int64?
    public var to: Int64?

    public init(_ question: FlowQuestion, _ catalogue: StoreCatalogue) throws(QuestionFailure) {
        filter = question.filter
        elements = question.elements
        processes = question.processes
        order = question.order
        limit = question.limit
        isTimed = question.every != nil
        let all = catalogue.snapshots
        let range = question.range(newest: all.last?.time)
        let chosen = all.filter { range.contains($0.time) }
        snapshotCount = chosen.count
        self.from = chosen.first?.time
        self.to = chosen.last?.time
        let needed = try Self.neededFields(question)
        task = try Self.task(question, chosen)
        var spans: [Int64: Span] = [:]
        for (run, snapshots) in Dictionary(grouping: all.filter { $0.time <= range.upperBound }, by: \.run) {
            guard snapshots.contains(where: { range.contains($0.time) }) else { continue }
            let stored = try Self.storedTask(for: task, needed, question, snapshots)
            Self.add(snapshots, run, stored, range, question.every, to: &spans)
        }
        self.spans = spans.values.sorted { $0.time < $1.time }
        // Whose a flow is may be known later than its first packets are counted.
        if !processes.isEmpty, self.spans.contains(where: { $0.parts.contains { $0.weight < 0 } }) {
            throw QuestionFailure(
                "of a part of a cumulative run, processes are not known: ask without --from, --last and --every")
        }
        for index in self.spans.indices {
            self.spans[index].parts.sort { ($0.time, $0.snapshot) < ($1.time, $1.snapshot) }
        }
    }

    /// The fields that stored rows must have.
    private static func neededFields(_ question: FlowQuestion) throws(QuestionFailure) -> KeyFields {
        // Whose they are only rows say that are flows.
        let flows = question.processes.isEmpty ? KeyFields() : KeyFields.fiveTuple
        guard let filter = question.filter else { return flows }
        guard !filter.testsLengths else {
            throw QuestionFailure("rows have no length of a packet: \(filter.text)")
        }
        return filter.keyFields.union(flows)
    }

    /// What rows are put together by.
    private static func task(
        _ question: FlowQuestion, _ snapshots: [StoredSnapshot]
    ) throws(QuestionFailure) -> FlowTask {
        if let elements = question.elements {
            let fields = question.fields ?? KeyFields(source: .whole)
            if fields.source != nil && elements.source != nil
                || fields.destination != nil && elements.destination != nil || fields.sourcePort && elements.sourcePort
                || fields.destinationPort && elements.destinationPort
                || fields.protocol && elements.protocol || fields.vlan && elements.vlan
            {
                throw QuestionFailure("\(fields) and \(elements) share a field")
            }
            return FlowTask(name: fields.description, fields: fields)
        }
        if let fields = question.fields {
            let isBidirectional = question.isBidirectional ?? false
            if isBidirectional {
                do throws(KeyFieldsFailure) { try fields.requireSymmetry() } catch { throw QuestionFailure("\(error)") }
            }
            return FlowTask(name: fields.description, fields: fields, bidirectional: isBidirectional)
        }
        let results = snapshots.last?.results ?? []
        // The finest, which tells most.
        let found = results.map(\.task).filter { question.task == nil || $0.name == question.task }
            .max { ($0.fields.bitCount, $1.name) < ($1.fields.bitCount, $0.name) }
        guard var task = found else {
            if snapshots.isEmpty { return FlowTask(name: question.task ?? "rows", fields: KeyFields()) }
            if results.isEmpty { throw QuestionFailure("only sketches are stored; query sketch shows them") }
            let names = results.map(\.task.name).joined(separator: ", ")
            throw QuestionFailure("no task \(question.task ?? ""); there are \(names)")
        }
        if let isBidirectional = question.isBidirectional { task.bidirectional = isBidirectional }
        return task
    }

    /// The coarsest task of a run that can answer, as it has the fewest rows; of equals, one of as many directions as
    /// are asked for, and then the first by name.
    private static func storedTask(
        for task: FlowTask, _ needed: KeyFields, _ question: FlowQuestion, _ snapshots: [StoredSnapshot]
    ) throws(QuestionFailure) -> FlowTask {
        let all = Set(snapshots.lazy.flatMap(\.results).map(\.task))
        let fields = task.fields.union(needed).union(question.elements ?? KeyFields())
        let able = all.filter { stored in
            (question.task == nil || stored.name == question.task) && stored.fields.covers(fields)
                && (question.filter?.testsVersion != true || stored.fields.hasAddress)
        }
        // A row of one direction tells its own times, a row of both those of both.
        func rank(_ stored: FlowTask) -> (Int, Int, String, String) {
            let differs = stored.bidirectional == task.bidirectional ? 0 : 1
            return (stored.fields.bitCount, differs, stored.name, stored.fields.description)
        }
        let best = able.min { rank($0) < rank($1) }
        guard let best else {
            let known = all.map { "\($0.name) (\($0.fields))" }.sorted().joined(separator: ", ")
            throw QuestionFailure("no stored task has \(fields); there is \(known)")
        }
        return best
    }

    /// Adds the parts of one run.
    ///
    /// - Parameter snapshots: in order of time, up to the range's end.
    private static func add(
        _ snapshots: [StoredSnapshot], _ run: StoredRun, _ task: FlowTask, _ range: ClosedRange<Int64>,
        _ every: Int64?, to spans: inout [Int64: Span]
    ) {
        /// Of a cumulative run, the last snapshot of the span before.
        var previous: StoredSnapshot?
        var index = 0
        while index < snapshots.count {
            let name = spanEnd(snapshots[index].time, every)
            var end = index
            while end < snapshots.count, spanEnd(snapshots[end].time, every) == name,
                range.contains(snapshots[end].time) == range.contains(snapshots[index].time)
            {
                end += 1
            }
            let group = snapshots[index..<end]
            index = end
            let last = group[end - 1]
            if range.contains(last.time) {
                var span = spans[name] ?? Span(time: every == nil ? last.time : name, parts: [])
                if every == nil { span.time = max(span.time, last.time) }
                let added = run.isCumulative ? [last] : Array(group)
                for snapshot in added { span.add(snapshot, task, weight: 1) }
                if run.isCumulative, let previous { span.add(previous, task, weight: -1) }
                spans[name] = span
            }
            previous = last
        }
    }

    /// What tells spans apart: their end.
    private static func spanEnd(_ time: Int64, _ every: Int64?) -> Int64 {
        guard let every else { return 0 }
        guard every > 0 else { return time }
        let rest = time % every
        if rest == 0 { return time }
        return rest < 0 ? time &- rest : time &+ (every &- rest)
    }
}

extension QuestionPlan.Span {
    fileprivate mutating func add(_ snapshot: StoredSnapshot, _ task: FlowTask, weight: Int64) {
        guard let result = snapshot.results.first(where: { $0.task == task }) else { return }
        parts.append(
            QuestionPlan.Part(snapshot: snapshot.id, time: snapshot.time, task: task, weight: weight))
        guard let other = result.other else { return }
        let missing = RowBound(.atLeast, packets: other.totalPackets, bytes: other.totalBytes)
        bound = weight > 0 ? bound + missing : bound - missing
        otherPackets = weight > 0 ? otherPackets &+ other.totalPackets : otherPackets &- other.totalPackets
        otherBytes = weight > 0 ? otherBytes &+ other.totalBytes : otherBytes &- other.totalBytes
    }
}

extension KeyFields {
    var hasAddress: Bool { source != nil || destination != nil }

    /// How much of a packet the key tells.
    var bitCount: Int {
        Int(source?.v6 ?? 0) + Int(destination?.v6 ?? 0) + (sourcePort ? 16 : 0) + (destinationPort ? 16 : 0)
            + (`protocol` ? 8 : 0) + (vlan ? 12 : 0)
    }
}
