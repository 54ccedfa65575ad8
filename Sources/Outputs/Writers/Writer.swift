import Flows
import KernelIO

/// Where snapshots go. A writer is called by one thread at a time; what it has written when a call returns is complete.
public protocol Writer: Sendable {
    func write(_ snapshot: Snapshot) throws(SystemFailure)
    /// Called once, behind the last snapshot, with the run's report if there is one.
    func finish(_ report: AnalysisReport?) throws(SystemFailure)
}
