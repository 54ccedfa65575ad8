import Flows
import Octets

/// Turns rows of one task into octets. A format holds no state between rows, so ranges of rows can be formatted apart,
/// on several threads, and put together in order.
public protocol RowFormat: Sendable {
    /// The most octets that one row can take.
    var rowOctetsMax: Int { get }
    /// Appends `rows`, the first of which is row `firstIndex` of the task.
    func append(_ rows: [FlowRecord], firstIndex: Int, to buffer: inout OctetBuffer)
    /// Appends the row of evicted flows, which stands behind the task's `index` rows.
    func append(other row: FlowRecord, evictedFlows: UInt64, index: Int, to buffer: inout OctetBuffer)
}

extension RowFormat {
    /// Rows are read and formatted in runs of this many: a run stays in the second-level cache.
    public static var rowsPerRun: Int { 512 }

    /// Appends the rows `range` of a task's result.
    public func append(_ rows: any FlowRows, _ range: Range<Int>, to buffer: inout OctetBuffer) {
        var run: [FlowRecord] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(start + Self.rowsPerRun, range.upperBound)
            rows.read(start..<end, into: &run)
            append(run, firstIndex: start, to: &buffer)
            start = end
        }
    }
}
