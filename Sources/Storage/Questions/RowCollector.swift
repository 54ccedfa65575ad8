import Flows

/// Puts a span's rows together in this process, for databases that only hand them out.
struct RowCollector {
    private let plan: QuestionPlan
    private let span: QuestionPlan.Span
    private var merger: RowMerger

    init(_ plan: QuestionPlan, _ span: QuestionPlan.Span) {
        self.plan = plan
        self.span = span
        var task = plan.task
        if let elements = plan.elements { task.fields = task.fields.union(elements) }
        merger = RowMerger(task, filter: plan.filter, processes: plan.processes)
    }

    mutating func add(_ row: FlowRecord, _ bound: RowBound, _ process: RowProcess, _ part: QuestionPlan.Part) {
        merger.add(row, of: part.task, bound: bound, weight: part.weight, process: process)
    }

    consuming func rows() -> [FlowAnswer.Row] {
        let (plan, span) = (plan, span)
        let time = plan.isTimed ? span.time : nil
        let sums = merger.rows()
        guard plan.elements != nil else {
            return sums.map {
                FlowAnswer.Row(time: time, record: $0.record, bound: $0.bound + span.bound, process: $0.process)
            }
        }
        var counts: [FlowKey: [RowProcess: UInt64]] = [:]
        let keys = KeyPlan(plan.task)
        var merger = RowMerger(plan.task, processes: plan.processes)
        for sum in sums {
            counts[keys.masked(sum.record.key), default: [:]][sum.process, default: 0] += 1
            merger.add(sum.record, of: plan.task, bound: sum.bound, process: sum.process)
        }
        return merger.rows().map { row in
            FlowAnswer.Row(
                time: time, record: row.record, bound: row.bound + span.bound,
                elements: counts[row.record.key]?[row.process], process: row.process)
        }
    }
}
