import Flows
import KernelIO
import Outputs
import TestSupport
import Testing

/// Every record that was handed over was written or is lost for a cause.
@Suite struct FlowRecordQueueTests {
    /// A sink that waits until it may go on.
    private final class SlowSink: FlowRecordSink {
        let name = "slow"
        let gate = Monitor(false)
        let flows = Monitor([MeteredFlow]())

        func write(_ flows: [MeteredFlow], _ link: SinkLink) {
            gate.wait { $0 ? () : nil }
            self.flows.withLock { $0 += flows }
            link.written(flows.count)
        }
        func flush(_ link: SinkLink) {}
        func finish(_ link: SinkLink) {}
    }

    private static func flows(_ count: Int) -> [MeteredFlow] {
        [MeteredFlow](repeating: FlowRecordFormatTests.flow, count: count)
    }

    @Test func whatFindsNoRoomIsDroppedAndCounted() throws {
        let sink = SlowSink()
        let queue = try FlowRecordQueue(sink, limit: 10, overflow: .drop)
        for _ in 0..<100 { queue.put(Self.flows(5)) }
        sink.gate.update { $0 = true }
        queue.drain()
        let stage = queue.stage
        #expect(stage.seen == 500 && stage.isBalanced && stage.inFlight == 0)
        #expect(stage.lost.map(\.name) == ["the queue was full"])
        #expect(stage.delivered == UInt64(sink.flows.withLock { $0.count }))
        // At most three pieces got through beside those that were being written: whoever came first, and ten records.
        #expect(stage.delivered <= 25)
    }

    @Test func whoMayWaitLosesNothing() throws {
        let sink = SlowSink()
        let queue = try FlowRecordQueue(sink, limit: 10, overflow: .wait)
        let opener = try WorkerThread(name: "opener") { sink.gate.update { $0 = true } }
        for _ in 0..<100 { queue.put(Self.flows(5)) }
        queue.drain()
        opener.join()
        #expect(queue.stage.delivered == 500 && queue.stage.isBalanced)
    }

    @Test func aFileAppearsWhole() throws {
        try Golden.withTemporaryDirectory { folder in
            let path = folder + "/flows.jsonl"
            let queue = try FlowRecordQueue(FlowRecordFile(try OutputFile(path: path)))
            queue.put(Self.flows(1000))
            #expect(throws: SystemFailure.self) { try InputFile.contents(of: path, atMost: 1 << 20) }
            queue.drain()
            let lines = try InputFile.contents(of: path, atMost: 1 << 20).count { $0 == 0x0A }
            #expect(lines == 1000)
            #expect(queue.stage.delivered == 1000 && queue.failure == nil)
        }
    }

    @Test func whatADiskDoesNotTakeIsLost() throws {
        let queue = try FlowRecordQueue(FlowRecordFile(try OutputFile(path: "/dev/full")))
        queue.put(Self.flows(1000))
        queue.drain()
        #expect(queue.stage.lost == [LedgerReport.Cause("could not be written", 1000)])
        #expect(queue.failure != nil)
    }

    /// Port 9 of the loopback interface, discard, has no listener here: over UDP the refusals come back.
    @Test(arguments: ["ipfix", "ipfix+tcp"]) func aCollectorThatIsAwayLosesRecordsByName(scheme: String) throws {
        let address = try #require(ExportAddress("\(scheme)://127.0.0.1:9"))
        let queue = try FlowRecordQueue(FlowExporter(address, directions: .apart), limit: 100)
        // Nobody waits for it, although this queue would have others wait.
        for _ in 0..<200 { queue.put(Self.flows(10)) }
        queue.drain()
        let stage = queue.stage
        #expect(stage.seen == 2000 && stage.isBalanced && stage.lostCount == 2000, "\(stage)")
        #expect(stage.name == "\(scheme)://127.0.0.1:9" && queue.failure != nil)
    }
}
