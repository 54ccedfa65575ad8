import Flows
import Headers
import KernelIO

/// Makes flow records of the frames that workers take from a source, in the source's order: the same records whatever
/// the number of workers.
///
/// A worker decodes its batch on its own and waits for its turn only to count it. It does so before anything else, so
/// the lowest batch under way never waits for a worker that waits for its turn.
public final class FlowMetering: Sendable {
    /// What was made so far.
    public struct Counts: Equatable, Sendable {
        public var records: UInt64 = 0
        public var packets: UInt64 = 0
        /// Octets of frames, and of the IP packets in them.
        public var bytes: UInt64 = 0
        public var ipBytes: UInt64 = 0

        public init() {}
    }

    private struct State: Sendable {
        var meter: FlowMeter
        var nextBatch = 0
        var counts = Counts()
    }

    private let state: Monitor<State>
    private let onRecords: @Sendable ([MeteredFlow]) -> Void

    /// - Parameter onRecords: takes records that ended, in order, from whichever thread; it may hold workers up.
    public init(_ settings: FlowMeterSettings, onRecords: @escaping @Sendable ([MeteredFlow]) -> Void) {
        state = Monitor(State(meter: FlowMeter(settings)))
        self.onRecords = onRecords
    }

    /// Counts a batch, once all before it were counted.
    ///
    /// - Parameter number: the batch's place in the source, from 0.
    func count(_ packets: borrowing MeteredBatch, number: Int) {
        let all = packets.packets.span.extracting(0..<packets.count)
        state.wait { state -> Void? in
            guard state.nextBatch == number else { return nil }
            var start = 0
            while start < all.count {
                let end = min(start + FlowMeter.batch, all.count)
                state.meter.count(all.extracting(start..<end))
                give(&state)
                start = end
            }
            state.nextBatch += 1
            return ()
        }
    }

    /// Tells the time although no packet came, so that flows that fell silent end: for live traffic, now and then.
    ///
    /// - Parameter time: nanoseconds since 1970, by the clock that gives packets their times.
    public func advance(to time: Int64) {
        state.withLock { state in
            var hasMore = true
            while hasMore {
                hasMore = state.meter.advance(to: time)
                give(&state)
            }
        }
    }

    /// Ends all flows; call it once the source has ended.
    public func finish() {
        state.withLock { state in
            var hasMore = true
            while hasMore {
                hasMore = state.meter.endSome()
                give(&state)
            }
        }
    }

    public var counts: Counts { state.withLock { $0.counts } }

    private func give(_ state: inout State) {
        guard !state.meter.ended.isEmpty else { return }
        let records = state.meter.takeEnded()
        for record in records {
            state.counts.packets &+= record.totalPackets
            state.counts.bytes &+= record.totalBytes
            state.counts.ipBytes &+= record.totalIPBytes
        }
        state.counts.records &+= UInt64(records.count)
        onRecords(records)
    }
}
