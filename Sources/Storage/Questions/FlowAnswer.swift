import Flows

/// What was found out.
public struct FlowAnswer: Equatable, Sendable {
    public struct Row: Equatable, Sendable {
        /// The span's, where the question asks for several.
        public var time: Int64?
        public var record: FlowRecord
        public var bound: RowBound
        /// How many different values there are, where the question asks for that.
        public var elements: UInt64?
        /// Whose it is, as far as the question asks for that.
        public var process: RowProcess

        public init(
            time: Int64? = nil, record: FlowRecord, bound: RowBound, elements: UInt64? = nil,
            process: RowProcess = .unknown
        ) {
            self.process = process
            self.time = time
            self.record = record
            self.bound = bound
            self.elements = elements
        }
    }

    public var task: FlowTask
    public var elements: KeyFields?
    /// What of their processes rows are put together by, besides the task's key.
    public var processes: ProcessFields
    public var rows: [Row]
    /// All rows there are, and their sums.
    public var rowCount: UInt64
    public var totalPackets: UInt64
    public var totalBytes: UInt64
    /// Of flows that were evicted under a memory limit: no rows have them.
    public var otherPackets: UInt64
    public var otherBytes: UInt64
    public var snapshotCount: Int
    public var from: Int64?
    public var to: Int64?
    public var isTimed: Bool

    /// An answer without rows yet.
    init(_ plan: QuestionPlan) {
        task = plan.task
        elements = plan.elements
        processes = plan.processes
        rows = []
        rowCount = 0
        totalPackets = 0
        totalBytes = 0
        otherPackets = plan.spans.reduce(0) { $0 &+ $1.otherPackets }
        otherBytes = plan.spans.reduce(0) { $0 &+ $1.otherBytes }
        snapshotCount = plan.snapshotCount
        from = plan.from
        to = plan.to
        isTimed = plan.isTimed
    }

    /// Adds a span's rows, of which all are given.
    mutating func add(_ rows: [Row], _ plan: QuestionPlan) {
        rowCount &+= UInt64(rows.count)
        for row in rows {
            totalPackets &+= row.record.totalPackets
            totalBytes &+= row.record.totalBytes
        }
        let sorted = rows.sorted { plan.order.precedes($0, $1) }
        self.rows += plan.limit.map { sorted.prefix($0) } ?? sorted[...]
    }
}

extension AnswerOrder {
    /// The order of rows in an answer.
    func precedes(_ a: FlowAnswer.Row, _ b: FlowAnswer.Row) -> Bool {
        let (rankA, rankB) = (rank(a), rank(b))
        if rankA != rankB { return rankA > rankB }
        return a.record.key != b.record.key ? a.record.key < b.record.key : a.process < b.process
    }

    private func rank(_ row: FlowAnswer.Row) -> UInt64 {
        func latest(_ time: Int64) -> UInt64 { UInt64(bitPattern: time) ^ 1 << 63 }
        return switch self {
        case .bytes: row.record.totalBytes
        case .packets: row.record.totalPackets
        case .elements: row.elements ?? 0
        case .firstSeen: latest(row.record.firstSeen)
        case .lastSeen: latest(row.record.lastSeen)
        case .duration: UInt64(bitPattern: row.record.lastSeen &- row.record.firstSeen)
        case .key: 0
        }
    }
}
