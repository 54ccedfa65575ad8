import KernelIO
import Outputs

/// Where records go: standard output as they come, or a file that appears once it is whole. On a terminal a table of
/// transactions is drawn in place.
final class MessageOutput: Sendable {
    private final class State {
        var file: OutputFile?
        /// What stands before the first record; empty once it was written.
        var heading: [UInt8]
        /// `nil`: records are written as they come.
        var table: LiveTable?
        /// There are rows that are not on the screen.
        var isOutdated = false
        var drawnAt = Int64.min

        init(_ file: consuming OutputFile, _ heading: [UInt8]) {
            self.file = consume file
            self.heading = heading
        }
    }

    private let state: Monitor<State>
    private let totals: Monitor<TransactionTotals>?
    /// Draws what came since the last frame, when nothing more comes.
    private let clock: Monitor<WorkerThread?> = Monitor(nil)
    private let hasEnded = Monitor(false)

    /// Frames follow one another no faster.
    private static let frameNanoseconds: Int64 = 100_000_000
    /// More rows are drawn at once, so that they do not pile up.
    private static let waitingRowsMax = 10_000

    /// - Parameters:
    ///   - path: a file; `nil`: standard output.
    ///   - heading: stands before all records.
    ///   - totals: what all transactions come to, where they are shown as a live table.
    init(_ path: String?, heading: [UInt8], totals: Monitor<TransactionTotals>?) throws(SystemFailure) {
        self.totals = totals
        let file = try OutputFile(path: path ?? "-")
        state = Monitor(State(file, heading))
    }

    /// A table is to be drawn in place.
    var isTable: Bool { totals != nil }

    /// Draws a live table from now on, if there is to be one: in the process that writes, which may be another than the
    /// one that opens.
    func begin() {
        guard let totals else { return }
        state.withLock { $0.table = LiveTable(heading: String(decoding: $0.heading.dropLast(), as: UTF8.self)) }
        let (state, hasEnded) = (state, hasEnded)
        let thread = try? WorkerThread(name: "table") {
            while hasEnded.wait(nanoseconds: Self.frameNanoseconds, { $0 ? true : nil }) == nil {
                // What cannot be written is told by the next record's write.
                state.withLock { state in
                    if state.isOutdated { try? Self.draw(state, totals) }
                }
            }
        }
        clock.update { $0 = thread }
    }

    func write(_ octets: Span<UInt8>) throws(SystemFailure) {
        try state.withLock { (state) throws(SystemFailure) in
            if state.table != nil {
                state.table?.add(octets)
                state.isOutdated = true
                let isDue = Clock.monotonicNanoseconds - Self.frameNanoseconds >= state.drawnAt
                if isDue || (state.table?.waitingRows ?? 0) > Self.waitingRowsMax { try Self.draw(state, totals) }
                return
            }
            if !state.heading.isEmpty {
                let heading = state.heading
                state.heading = []
                try state.file?.write(heading.span)
            }
            try state.file?.write(octets)
        }
    }

    /// Tells something on standard error, above the table if there is one.
    func note(_ line: String) {
        state.withLock { state in
            if let frame = state.table?.clear() { try? state.file?.write(frame.span) }
            StandardError.write(line)
            if state.table != nil { try? Self.draw(state, totals) }
        }
    }

    /// See `OutputFile.leaveName`.
    func leaveName() -> String? { state.withLock { $0.file?.leaveName() } }

    var descriptor: Int32 { state.withLock { $0.file?.descriptor ?? -1 } }

    /// Leaves the rows of a live table on the screen; what is written later stands below them.
    func end() {
        hasEnded.update { $0 = true }
        clock.withLock { $0 }?.join()
        clock.update { $0 = nil }
        state.withLock { state in
            guard var table = state.table else { return }
            state.table = nil
            let frame = table.finish()
            try? state.file?.write(frame.span)
        }
    }

    func commit() throws(SystemFailure) {
        end()
        try state.withLock { (state) throws(SystemFailure) in
            guard let file = state.file.take() else { return }
            try file.commit()
        }
    }

    private static func draw(
        _ state: State, _ totals: Monitor<TransactionTotals>?
    ) throws(SystemFailure) {
        state.isOutdated = false
        state.drawnAt = Clock.monotonicNanoseconds
        let size = Terminal.size(1)
        let line = totals?.withLock { $0 }.text(width: size?.columns) ?? ""
        guard let frame = state.table?.frame(totals: line, lines: size?.lines ?? 24) else { return }
        try state.file?.write(frame.span)
    }
}
