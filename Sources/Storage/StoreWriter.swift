import Flows
import KernelIO
import Outputs
import Synchronization

/// Writes a run's snapshots into a database, and looks after it from time to time.
public final class StoreWriter: Writer {
    private struct State: Sendable {
        var number = 0
        /// The snapshot's time at which the database was looked after.
        var maintained: Int64?
    }

    private let store: any SnapshotStore
    private let run: StoredRun
    private let retention: Retention?
    private let state = Mutex(State())

    /// Nanoseconds of snapshots' time between two looks at what is old.
    static let maintenanceInterval: Int64 = 3_600_000_000_000

    /// - Parameter retention: `nil` leaves everything as it was stored.
    public init(_ store: any SnapshotStore, run: StoredRun, retention: Retention? = nil) {
        self.store = store
        self.run = run
        self.retention = retention
    }

    public func write(_ snapshot: Snapshot) throws(SystemFailure) {
        try state.withLock { (state) throws(SystemFailure) in
            // A further try of the same snapshot has the same number.
            try store.store(snapshot, number: state.number + 1, of: run)
            state.number += 1
            guard let retention else { return }
            guard let maintained = state.maintained else { return state.maintained = snapshot.time }
            guard snapshot.time &- maintained >= Self.maintenanceInterval else { return }
            state.maintained = snapshot.time
            try? store.maintain(retention)
        }
    }

    public func finish(_ report: AnalysisReport?) throws(SystemFailure) {
        if let report { try store.store(report.ledger, of: run) }
        if let retention { try store.maintain(retention) }
    }
}
