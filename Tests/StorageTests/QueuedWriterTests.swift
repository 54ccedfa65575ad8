import Flows
import KernelIO
import Outputs
import Storage
import TestSupport
import Testing

@Suite struct QueuedWriterTests {
    /// Remembers what it was given; may be slow, or fail.
    final class Recorder: Writer {
        let written = Monitor([Snapshot]())
        /// It writes only while this is open.
        let isOpen: Monitor<Bool>
        /// Tries that fail, by their number from 0.
        let failing: @Sendable (Int) -> Bool
        let tries = Monitor(0)

        init(isOpen: Bool = true, failing: @escaping @Sendable (Int) -> Bool = { _ in false }) {
            self.isOpen = Monitor(isOpen)
            self.failing = failing
        }

        func write(_ snapshot: Snapshot) throws(SystemFailure) {
            isOpen.wait { $0 ? () : nil }
            let number = tries.update { tries in
                tries += 1
                return tries - 1
            }
            if failing(number) { throw SystemFailure(operation: "write", path: "here", errno: 28) }
            written.update { $0.append(snapshot) }
        }

        func finish(_ report: AnalysisReport?) throws(SystemFailure) {}
    }

    private let snapshots = StoreSamples.snapshots(12, tasks: [StoreSamples.oneWay], rowsMax: 5, seed: 31)

    @Test func everythingArrivesInOrder() throws {
        let recorder = Recorder()
        let writer = try QueuedWriter(recorder, name: "r", limit: 1)
        for snapshot in snapshots { writer.put(snapshot) }
        writer.drain()
        #expect(recorder.written.withLock { $0.map(\.time) } == snapshots.map(\.time))
        #expect(writer.stage.isBalanced && writer.stage.delivered == 12 && writer.stage.inFlight == 0)
    }

    /// A writer that takes nothing until another beside it has everything: it loses, and says how many; the other one
    /// loses nothing and does not wait for it.
    @Test func aSlowWriterDropsAndCounts() throws {
        let slow = Recorder(isOpen: false), fast = Recorder()
        let writers = [
            try QueuedWriter(slow, name: "slow", limit: 2, overflow: .drop),
            try QueuedWriter(fast, name: "fast", limit: 100),
        ]
        for snapshot in snapshots { for writer in writers { writer.put(snapshot) } }
        writers[1].drain()
        #expect(fast.written.withLock { $0.count } == 12)
        slow.isOpen.update { $0 = true }
        writers[0].drain()
        let stage = writers[0].stage
        #expect(stage.isBalanced && stage.seen == 12 && stage.lostCount > 0)
        #expect(stage.lost.map(\.name) == ["the queue was full"])
        #expect(stage.delivered == UInt64(slow.written.withLock { $0.count }))
    }

    @Test func whatFailsForAWhileIsWrittenOnce() throws {
        let recorder = Recorder { $0 % 3 != 2 }
        let writer = try QueuedWriter(recorder, name: "r", tries: 3, pause: 1_000_000)
        for snapshot in snapshots { writer.put(snapshot) }
        writer.drain()
        #expect(recorder.written.withLock { $0.map(\.time) } == snapshots.map(\.time))
        #expect(writer.failure == nil)
    }

    @Test func whatFailsForGoodIsCountedByCause() throws {
        let recorder = Recorder { $0 < 4 }
        let writer = try QueuedWriter(recorder, name: "r", tries: 2, pause: 1_000_000)
        for snapshot in snapshots { writer.put(snapshot) }
        writer.drain()
        #expect(writer.stage.isBalanced && writer.stage.delivered == 10)
        #expect(writer.stage.lost == [.init("cannot write here: No space left on device", 2)])
        #expect(writer.failure?.errno == 28)
    }

    /// An interval of its own: three snapshots of a minute are written as one, with their sums.
    @Test(arguments: [false, true]) func snapshotsOfAnIntervalAreOne(isCumulative: Bool) throws {
        let recorder = Recorder()
        let writer = try QueuedWriter(
            recorder, name: "r", interval: 3 * StoreSamples.minute, isCumulative: isCumulative)
        for snapshot in snapshots { writer.put(snapshot) }
        writer.drain()
        let written = recorder.written.withLock(\.self)
        #expect(written.map(\.time) == [2, 5, 8, 11].map { snapshots[$0].time })
        #expect(writer.stage.delivered == 12)
        for (index, snapshot) in written.enumerated() {
            let parts =
                isCumulative ? snapshots[(3 * index + 2)...(3 * index + 2)] : snapshots[(3 * index)...(3 * index + 2)]
            var packets: UInt64 = 0
            var rows: [FlowRecord] = []
            snapshot.results[0].rows.read(0..<snapshot.results[0].rows.count, into: &rows)
            for row in rows { packets += row.totalPackets }
            #expect(packets == parts.reduce(0) { $0 + $1.results[0].totalPackets })
            #expect(snapshot.results[0].totalPackets == packets)
        }
    }
}
