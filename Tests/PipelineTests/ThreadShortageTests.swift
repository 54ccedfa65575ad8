import Flows
import Glibc
import KernelIO
import TestSupport
import Testing

@testable import Pipeline

/// Where the system has too few threads, the run is refused, and what was started for it ends.
@Suite struct ThreadShortageTests {
    private struct Threads {
        var started = 0
        var ended = 0
    }

    @Test(arguments: 0...4) func aRunWithoutAllItsThreadsIsRefused(available: Int) throws {
        let frames = RandomTraffic.frames(200, seed: 70)
        try CaptureFolder.with { folder in
            let path = try folder.file("capture", frames.pcapng())
            let threads = Monitor(Threads())
            var analysis = FlowAnalysis(workers: 4)
            analysis.startThread = { (name, body) throws(SystemFailure) in
                let isAvailable = threads.withLock { threads in
                    threads.started += 1
                    return threads.started <= available
                }
                guard isAvailable else { throw SystemFailure(operation: "create a thread", path: name, errno: EAGAIN) }
                return try WorkerThread(name: name) {
                    body()
                    threads.withLock { $0.ended += 1 }
                }
            }
            let source = CaptureSource(paths: [path])
            let aggregator = ExactAggregator(tasks: [FlowTask(name: "flows", fields: .fiveTuple)], workers: 4)
            // Three workers beside the calling thread, and the one that makes snapshots.
            if available == 4 {
                let (counts, _) = try analysis.run(source, into: aggregator) { _, _ in }
                #expect(counts.seen.packets == 200)
            } else {
                let failure = #expect(throws: SystemFailure.self) {
                    _ = try analysis.run(source, into: aggregator) { _, _ in }
                }
                #expect(failure?.errno == EAGAIN)
            }
            #expect(threads.withLock { $0.ended } == available)
        }
    }
}
