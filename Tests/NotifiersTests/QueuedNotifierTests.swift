import Alerts
import KernelIO
import Notifiers
import Testing

/// Notifiers with a queue: what is sent, tried again, given up, and counted.
@Suite struct QueuedNotifierTests {
    /// Notes what it is given, and fails as told.
    private final class Recorder: Notifier {
        let sent = Monitor([String]())
        let calls = Monitor(0)
        /// Nobody goes on before this is true.
        let isOpen: Monitor<Bool>
        let fails: @Sendable (_ call: Int) -> String?

        init(isOpen: Bool = true, fails: @escaping @Sendable (Int) -> String? = { _ in nil }) {
            self.isOpen = Monitor(isOpen)
            self.fails = fails
        }

        func send(_ alert: Alert, timeout: Int64) throws(SystemFailure) {
            isOpen.wait { $0 ? () : nil }
            let call = calls.update {
                $0 += 1
                return $0
            }
            if let detail = fails(call) {
                throw SystemFailure(operation: "reach", path: "it", errno: 5, detail: detail)
            }
            sent.update { $0.append(alert.items.first.map { "\($0.key.sourceLow & 0xFFFF)" } ?? "") }
        }
    }

    private static let policy = QueuedNotifier.Policy(queueMax: 5, tries: 3, timeout: 600_000_000_000, pause: 1000)

    @Test func allAreSentInOrder() throws {
        let recorder = Recorder()
        let notifier = try QueuedNotifier(recorder, name: "a", policy: QueuedNotifier.Policy(timeout: 600_000_000_000))
        for alert in try AlertSamples.alerts(20) { notifier.put(alert) }
        notifier.drain()
        #expect(recorder.sent.withLock { $0 } == (1...20).map { "\($0)" })
        #expect(notifier.stage.isBalanced && notifier.stage.delivered == 20 && notifier.stage.name == "notify a")
    }

    @Test func whatFailsIsTriedAgainAndThenGivenUp() throws {
        // The second alert fails three times, the others at most twice.
        let recorder = Recorder { call in [1, 2, 4, 5, 6].contains(call) ? "try \(call <= 2 ? 1 : 2)" : nil }
        let notifier = try QueuedNotifier(recorder, name: "a", policy: Self.policy)
        for alert in try AlertSamples.alerts(3) { notifier.put(alert) }
        recorder.sent.wait { $0.count == 2 ? () : nil }
        notifier.drain()
        #expect(recorder.sent.withLock { $0 } == ["1", "3"])
        let stage = notifier.stage
        #expect(stage.isBalanced && stage.seen == 3 && stage.delivered == 2)
        #expect(stage.lost.map(\.name) == ["cannot reach it: try 2"] && stage.lost.map(\.count) == [1])
        #expect(stage.noted.map(\.count) == [4])
        #expect(notifier.failure?.detail == "try 2")
    }

    @Test func aFullQueueDropsAndCounts() throws {
        let recorder = Recorder(isOpen: false)
        let notifier = try QueuedNotifier(recorder, name: "a", policy: Self.policy)
        for alert in try AlertSamples.alerts(100) { notifier.put(alert) }
        recorder.isOpen.update { $0 = true }
        notifier.drain()
        let stage = notifier.stage
        // One may have left the queue already.
        #expect(5...6 ~= stage.delivered && stage.isBalanced && stage.seen == 100)
        #expect(stage.lost.map(\.name) == ["the queue was full"])
    }

    @Test func oneThatFailsHarmsNoOther() throws {
        let (stuck, fails, works) = (Recorder(isOpen: false), Recorder { _ in "no" }, Recorder())
        let policy = QueuedNotifier.Policy(timeout: 600_000_000_000, pause: 1000)
        let notifiers = try [("stuck", stuck), ("fails", fails), ("works", works)].map {
            try QueuedNotifier($0.1, name: $0.0, policy: policy)
        }
        for alert in try AlertSamples.alerts(10) { for notifier in notifiers { notifier.put(alert) } }
        works.sent.wait { $0.count == 10 ? () : nil }
        #expect(works.sent.withLock { $0 } == (1...10).map { "\($0)" })
        #expect(stuck.sent.withLock { $0.isEmpty })
        stuck.isOpen.update { $0 = true }
        for notifier in notifiers { notifier.drain() }
        #expect(notifiers.map(\.stage.delivered) == [10, 0, 10])
        #expect(notifiers.allSatisfy { $0.stage.isBalanced && $0.stage.inFlight == 0 })
        #expect(notifiers[1].stage.lostCount == 10)
    }

    @Test func theEndDoesNotWaitForEver() throws {
        let recorder = Recorder { _ in "no" }
        let policy = QueuedNotifier.Policy(tries: 20, timeout: 600_000_000_000, pause: 60_000_000_000)
        let notifier = try QueuedNotifier(recorder, name: "a", policy: policy)
        for alert in try AlertSamples.alerts(5) { notifier.put(alert) }
        recorder.calls.wait { $0 > 0 ? () : nil }
        notifier.drain(within: 1)
        let stage = notifier.stage
        #expect(stage.isBalanced && stage.lostCount == 5)
        #expect(stage.lost.map(\.name) == ["cannot reach it: no", "not sent before the end"])
    }
}
