import Flows
import KernelIO

/// Tells whose flows are, in their order. It may take a moment.
public typealias FlowProcesses = @Sendable ([MeteredFlow]) -> [FlowEnds]

/// Where flow records go: a file, a collector. It is used by one thread at a time, that of its `FlowRecordQueue`.
public protocol FlowRecordSink: AnyObject, Sendable {
    /// What the ledger calls it.
    var name: String { get }

    /// Writes records, and tells `link` what became of each. It may take its time; others are not held up.
    func write(_ flows: [MeteredFlow], _ link: SinkLink)

    /// Nothing came for a while: what was held back to be written together is written.
    func flush(_ link: SinkLink)

    /// Writes what is left and ends. Afterwards every record is accounted for.
    func finish(_ link: SinkLink)
}

/// What a sink tells its queue, and hears from it.
public struct SinkLink: Sendable {
    let state: Monitor<FlowRecordQueue.State>

    /// Records that were written.
    public func written(_ count: Int, messages: UInt64 = 0, dataRecords: UInt64 = 0) {
        state.withLock { state in
            state.written += UInt64(count)
            state.messages += messages
            state.dataRecords += dataRecords
        }
    }

    /// Records that were taken for written, and were not; `cause` says why.
    public func takeBack(_ count: Int, cause: String) {
        state.withLock { state in
            state.written -= UInt64(count)
            state.lose(count, cause)
        }
    }

    /// Records that could not be written; `cause` says why.
    public func lost(_ count: Int, cause: String) {
        state.withLock { $0.lose(count, cause) }
    }

    /// What went wrong, for the program's messages.
    public func failed(_ failure: SystemFailure) {
        state.withLock { $0.failure = $0.failure ?? failure }
    }

    /// The other end is away or back. While it is away nobody waits for room in the queue.
    public func setAway(_ isAway: Bool) {
        state.update { $0.isAway = isAway }
    }

    /// Waits for so many nanoseconds, or until the end has come.
    /// - Returns: whether no more records come.
    public func pause(nanoseconds: Int64) -> Bool {
        state.wait(nanoseconds: nanoseconds) { $0.isClosed ? true : nil } ?? false
    }
}
