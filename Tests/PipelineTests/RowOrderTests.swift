import Flows
import Headers
import PacketTestSupport
import Pipeline
import Testing

/// The order of so many rows that several threads sort them, in many runs.
@Suite struct RowOrderTests {
    /// One-way flows, most of which tie with others in packets and octets, and in times of whole milliseconds.
    private static let frames: [TestFrame] = {
        let frames = (try? RandomTraffic.synthetic(packets: 42_000, flows: 36_000, seed: 31)) ?? []
        return frames.map { frame in
            let time = frame.time / 1_000_000 * 1_000_000
            return TestFrame(time: time, octets: frame.octets, wireLength: frame.wireLength)
        }
    }()

    @Test(arguments: RowOrder.allCases) func isThatOfTheRowsThemselves(order: RowOrder) throws {
        var engine = Engine(FlowTask(name: "flows", fields: .fiveTuple))
        engine.order = order
        let alone = try engine.run(Self.frames).last
        let rows = alone.tasks[0].rows
        #expect(rows.count > 36_000)
        for (a, b) in zip(rows, rows.dropFirst()) where !Self.isInOrder(a, b, order) {
            Issue.record("\(a) stands before \(b)")
            break
        }
        engine.workers = 3
        #expect(try engine.run(Self.frames).last == alone)
        engine.workers = 2
        engine.limit = 20_000
        #expect(try engine.run(Self.frames).last.tasks[0].rows == Array(rows.prefix(20_000)))
    }

    private static func isInOrder(_ a: FlowRecord, _ b: FlowRecord, _ order: RowOrder) -> Bool {
        func ranks<Value: Comparable>(_ value: (FlowRecord) -> Value) -> Bool {
            value(a) == value(b) ? a.key < b.key : value(a) > value(b)
        }
        return switch order {
        case .bytes: ranks(\.totalBytes)
        case .packets: ranks(\.totalPackets)
        case .firstSeen: ranks(\.firstSeen)
        case .lastSeen: ranks(\.lastSeen)
        case .duration: ranks { $0.lastSeen - $0.firstSeen }
        case .key: a.key < b.key
        }
    }
}
