import Flows
import Headers
import KernelIO

/// Makes flow records of the frames that workers take from a source, in the source's order: the same records whatever
/// the number of workers. Of live interfaces, in the order of each lane.
///
/// A worker decodes its batch on its own and waits for its turn only to count it. It does so before it hands packets to
/// other workers, so the lowest batch under way never waits for one that waits for its turn.
public final class FlowMetering: FrameObserver {
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
        /// By lane.
        var nextBatch: [Int]
        var counts = Counts()
    }

    /// What one worker has decoded.
    private final class WorkerBatch: @unchecked Sendable {
        var packets = MeteredBatch()
    }

    private let state: Monitor<State>
    private let batches: [WorkerBatch]
    private let dissector: Dissector
    private let filter: PacketFilter?
    private let onRecords: @Sendable ([MeteredFlow]) -> Void

    /// - Parameters:
    ///   - workers: of the analysis; as its tunnels and its filter, so that both see the same packets.
    ///   - onRecords: takes records that ended, in order, from whichever thread; it may hold workers up.
    public init(
        _ settings: FlowMeterSettings, workers: Int, tunnels: TunnelMode = .outer, filter: PacketFilter? = nil,
        onRecords: @escaping @Sendable ([MeteredFlow]) -> Void
    ) {
        state = Monitor(
            State(meter: FlowMeter(settings), nextBatch: [Int](repeating: 0, count: max(workers, 1))))
        batches = (0..<max(workers, 1)).map { _ in WorkerBatch() }
        dissector = Dissector(tunnels: tunnels)
        self.filter = filter
        self.onRecords = onRecords
    }

    /// Counts a batch, once all before it were counted.
    public func take(_ frames: borrowing FrameBatch, worker: Int) {
        batches[worker].packets.decode(frames, dissector, filter)
        count(batches[worker].packets, number: frames.number, lane: frames.lane)
    }

    private func count(_ packets: borrowing MeteredBatch, number: Int, lane: Int) {
        let all = packets.packets.span.extracting(0..<packets.count)
        state.wait { state -> Void? in
            guard state.nextBatch[lane] == number else { return nil }
            var start = 0
            while start < all.count {
                let end = min(start + FlowMeter.batch, all.count)
                state.meter.count(all.extracting(start..<end))
                give(&state)
                start = end
            }
            state.nextBatch[lane] += 1
            return ()
        }
    }

    /// Live, time passes also while no packet comes, by the clock that gives packets their times.
    public func idle(worker: Int) {
        let time = Clock.wallNanoseconds
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
