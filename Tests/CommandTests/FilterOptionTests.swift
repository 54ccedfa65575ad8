import Foundation
import Testing

/// `--host`, `--path` and the like: what is not asked for is not shown, and counted.
@Suite struct FilterOptionTests {
    /// Two requests on one connection.
    private static let recording: RecordingText = {
        var recording = RecordingText()
        for (path, status) in [("/one", 200), ("/two", 404)] {
            recording.say(.sent, "GET \(path) HTTP/1.1\r\nHost: x.test\r\n\r\n")
            recording.say(.received, "HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n", after: 20)
        }
        recording.destroy()
        return recording
    }()

    @Test(arguments: [
        (["--path", "/one"], 2, 1), (["--path", "/t*", "--path", "/none"], 2, 1), (["--host", "X.test"], 4, 2),
        (["--status", "4xx"], 1, 1), (["--status", "200-299", "--status", "404"], 2, 2), (["--method", "POST"], 0, 0),
        (["--port", "443"], 4, 2), (["--port", "80"], 0, 0), (["--pid", "4242"], 4, 2), (["--pid", "1"], 0, 0),
        (["--comm", "cu*"], 4, 2), (["--comm", "wget"], 0, 0), (["--comm", "curl", "--path", "/two"], 2, 1),
    ])
    func whatIsNotAskedForIsCounted(options: [String], messages: Int, transactions: Int) throws {
        let outcome = try Command.run(
            ["replay", "--format", "ndjson", "--transactions"] + options + ["-"], input: Self.recording.data)
        #expect(outcome.code == 0, "\(outcome.errors)")
        let objects = try outcome.lines.map { try JSON(parsing: $0) }
        let types = objects.compactMap { $0["type"].string }
        #expect(types.count { $0.hasPrefix("http_re") } == messages)
        #expect(types.count { $0 == "transaction" } == transactions)
        let summary = try #require(objects.last)
        #expect(summary["ledger"]["balanced"].bool == true)
        #expect((summary["messages_filtered"].int ?? 0) == 4 - messages)
        let stage = summary["ledger"]["stages"].array.first { $0["stage"].string == "messages" }
        if messages < 4 {
            #expect(stage?["seen"].int == 4 && stage?["delivered"].int == messages)
            #expect(stage?["filtered"]["not asked for"].int == 4 - messages)
        }
    }

    @Test(arguments: ["4", "4x", "x04", "404-", "500-400", "4040", "-1"])
    func aWrongStatusIsRefused(status: String) throws {
        let outcome = try Command.run("replay", "--status=\(status)", "-")
        #expect(outcome.code == 2 && outcome.errors.contains("--status"))
    }
}
