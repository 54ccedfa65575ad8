import CaptureTestSupport
import Flows
import Foundation
import KernelIO
import Outputs
import TestSupport
import Testing

@Suite struct RowStreamWriterTests {
    /// What a writer puts into a file.
    static func written(
        _ format: RowStreamWriter.Format, namesSnapshots: Bool = false, threads: Int = 1,
        _ body: (RowStreamWriter) throws -> Void
    ) throws -> [UInt8] {
        try Golden.withTemporaryDirectory { directory in
            let path = directory + "/out"
            let descriptor = unsafe open(path, O_WRONLY | O_CREAT, 0o600)
            defer { close(descriptor) }
            let writer = RowStreamWriter(
                descriptor: descriptor, format: format, namesSnapshots: namesSnapshots, threads: threads)
            try body(writer)
            return try Golden.read(path)
        }
    }

    static let formats: [(String, RowStreamWriter.Format)] = [
        ("csv/rows.csv", .csv), ("ndjson/rows.ndjson", .ndjson), ("json/rows.json", .json),
        ("table/rows.txt", .table(isExact: false, width: nil, style: .plain)),
        ("table/rows-80.txt", .table(isExact: false, width: 80, style: .plain)),
        ("table/rows-exact-colour.txt", .table(isExact: true, width: 120, style: .coloured)),
    ]

    @Test(arguments: 0..<formats.count) func everyFormatEqualsItsGolden(index: Int) throws {
        let (path, format) = Self.formats[index]
        let octets = try Self.written(format) {
            try $0.write(Fixtures.snapshot)
            try $0.finish(Fixtures.report)
        }
        let expected = try Golden.expectation(path, current: octets)
        #expect(String(decoding: octets, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
    }

    @Test func severalSnapshotsNameTheirRows() throws {
        let octets = try Self.written(.json, namesSnapshots: true) {
            try $0.write(Snapshot(time: 1, results: [Fixtures.total]))
            try $0.write(Snapshot(time: 2, results: [Fixtures.total]))
            try $0.finish(nil)
        }
        let lines = String(decoding: octets, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[0] == "{\"rows\":[")
        #expect(lines[1].hasPrefix("{\"snapshot\":1,\"task\":\"total\",\"packets\":1203,") && lines[1].hasSuffix("},"))
        #expect(lines[2].hasPrefix("{\"snapshot\":2,"))
        #expect(lines[3] == "]}")
    }

    @Test func severalSnapshotsNameTheirTables() throws {
        let times: [Int64] = [1_709_251_198_000_000_000, 1_709_251_200_500_000_000]
        for namesSnapshots in [true, false] {
            let octets = try Self.written(
                .table(isExact: false, width: nil, style: .plain), namesSnapshots: namesSnapshots
            ) {
                for time in times { try $0.write(Snapshot(time: time, results: [Fixtures.total])) }
            }
            let text = String(decoding: octets, as: UTF8.self)
            let titles = text.split(separator: "\n").filter { $0.hasPrefix("total") }.map(String.init)
            #expect(
                titles
                    == (namesSnapshots
                        ? [
                            "total  1 row, snapshot of 2024-02-29 23:59:58 UTC",
                            "total  1 row, snapshot of 2024-03-01 00:00:00 UTC",
                        ] : ["total  1 row", "total  1 row"]))
        }
    }

    @Test func aRunWithoutSnapshotsIsStillJSON() throws {
        let octets = try Self.written(.json) { try $0.finish(nil) }
        #expect(String(decoding: octets, as: UTF8.self) == "{\"rows\":[\n]}\n")
    }

    /// A pipe that nobody empties at once: the writer waits, and everything arrives.
    @Test func aSlowNonBlockingReaderGetsEverything() throws {
        var random = SeededGenerator(seed: 1)
        let task = FlowTask(name: "many", fields: .fiveTuple)
        let result = FlowSamples.result(task, FlowSamples.rows(20_000, of: task, using: &random))
        let snapshot = Snapshot(time: 0, results: [result])
        let expected = try Self.written(.ndjson) { try $0.write(snapshot) }
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        let (readEnd, writeEnd) = (ends[0], ends[1])
        // No task: those share their threads with tests, which may all be waiting.
        Thread.detachNewThread {
            defer { close(writeEnd) }
            try? RowStreamWriter(descriptor: writeEnd, format: .ndjson).write(snapshot)
        }
        var received: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(readEnd, &piece, piece.count)
            if count > 0 { received += piece[0..<count] } else if count == 0 { break } else { usleep(50) }
        }
        close(readEnd)
        #expect(received == expected)
    }

    @Test func aReaderThatLeftIsABrokenPipe() {
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        close(ends[0])
        _ = signal(SIGPIPE, SIG_IGN)
        let writer = RowStreamWriter(descriptor: ends[1], name: "the pipe", format: .csv)
        #expect(throws: SystemFailure(operation: "write", path: "the pipe", errno: EPIPE)) {
            try writer.write(Fixtures.snapshot)
        }
        close(ends[1])
    }

    /// With several threads too: all of them stop, and the first failure is the one to tell.
    @Test(arguments: [1, 4]) func aFullDiskIsNamed(threads: Int) throws {
        let descriptor = unsafe open("/dev/full", O_WRONLY)
        defer { close(descriptor) }
        let writer = RowStreamWriter(descriptor: descriptor, name: "/dev/full", format: .csv, threads: threads)
        let failure = SystemFailure(operation: "write", path: "/dev/full", errno: ENOSPC)
        #expect(throws: failure) { try writer.write(ThreadsTests.snapshot) }
        #expect(failure.description == "cannot write /dev/full: No space left on device")
    }
}
