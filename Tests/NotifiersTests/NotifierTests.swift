import Alerts
import Foundation
import KernelIO
import Notifiers
import Outputs
import TestSupport
import Testing

/// Each notifier against something that takes what it sends.
@Suite struct NotifierTests {
    private static let timeout: Int64 = 600_000_000_000

    private static func values(_ line: String?) throws -> [Any] {
        try JSONSerialization.jsonObject(with: Data((line ?? "[]").utf8)) as? [Any] ?? []
    }

    @Test(.enabled(if: PythonServer.isInstalled)) func aWebhookGetsTheAlert() throws {
        let server = try PythonServer.web()
        let webhook = try WebhookNotifier(
            url: "http://127.0.0.1:\(server.port)/hook?x=1", headers: [("Authorization", "Bearer secret")])
        let alert = try AlertSamples.alerts(1)[0]
        try webhook.send(alert, timeout: Self.timeout)
        let request = try Self.values(try server.line()).map { $0 as? String }
        #expect(request == ["/hook?x=1", "Bearer secret", "application/json", AlertJSON.text(alert)])
        let object = try JSONSerialization.jsonObject(with: Data((request[3] ?? "").utf8)) as? [String: Any]
        #expect(object?["type"] as? String == "alert" && object?["state"] as? String == "firing")
    }

    @Test(.enabled(if: PythonServer.isInstalled)) func aTemplateIsStillJSON() throws {
        let server = try PythonServer.web()
        let template = try AlertTemplate(parsing: #"{"text": "{{summary}}", "raw": {{json}}, "key": "{{key}}"}"#)
        let webhook = try WebhookNotifier(url: "http://127.0.0.1:\(server.port)/", template: template)
        let alert = try AlertSamples.alerts(1, rule: "a \"quoted\" \\ rule")[0]
        try webhook.send(alert, timeout: Self.timeout)
        let body = try Self.values(try server.line())[3] as? String ?? ""
        let object = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        #expect(object?["text"] as? String == "a \"quoted\" \\ rule firing: 10.0.0.1 1.00 kB (bytes > 1)")
        #expect(object?["key"] as? String == "10.0.0.1")
        #expect((object?["raw"] as? [String: Any])?["rule"] as? String == "a \"quoted\" \\ rule")
    }

    @Test(.enabled(if: PythonServer.isInstalled)) func aWebhookThatFailsIsTriedAgain() throws {
        let server = try PythonServer.web(statuses: [500, 503, 200, 404, 404, 404])
        let webhook = try WebhookNotifier(url: "http://user:pass@127.0.0.1:\(server.port)/secret")
        let policy = QueuedNotifier.Policy(tries: 3, timeout: Self.timeout, pause: 1000)
        let notifier = try QueuedNotifier(webhook, name: "hook", policy: policy)
        for alert in try AlertSamples.alerts(2) { notifier.put(alert) }
        for _ in 0..<6 { _ = try server.line() }
        notifier.drain()
        let stage = notifier.stage
        #expect(stage.delivered == 1 && stage.isBalanced)
        // The address may hold secrets.
        #expect(stage.lost.map(\.name) == ["cannot notify http://127.0.0.1:\(server.port): HTTP status 404"])
    }

    @Test func aServerThatIsNotThereIsAFailure() throws {
        // Nothing listens on port 1.
        let webhook = try WebhookNotifier(url: "http://127.0.0.1:1/")
        let alert = try AlertSamples.alerts(1)[0]
        let failure = #expect(throws: SystemFailure.self) { try webhook.send(alert, timeout: Self.timeout) }
        #expect(failure?.path == "http://127.0.0.1:1" && failure?.operation == "reach")
        let mail = try MailNotifier(MailNotifier.Server(host: "127.0.0.1", port: 1, from: "a@b", to: ["c@d"]))
        #expect(throws: SystemFailure.self) { try mail.send(alert, timeout: Self.timeout) }
    }

    @Test(.enabled(if: PythonServer.isInstalled)) func mailIsSent() throws {
        let server = try PythonServer.mail()
        let mail = try MailNotifier(
            MailNotifier.Server(
                host: "127.0.0.1", port: server.port, from: "net@example.com", to: ["ops@example.com", "b@example.com"])
        )
        let alert = try AlertSamples.alerts(1, rule: "zu viel für einen\r\nBcc: x@example.com")[0]
        try mail.send(alert, timeout: Self.timeout)
        let values = try Self.values(try server.line())
        #expect((values[0] as? String)?.hasPrefix("MAIL FROM:<net@example.com>") == true)
        #expect(values[1] as? [String] == ["RCPT TO:<ops@example.com>", "RCPT TO:<b@example.com>"])
        let message = values[2] as? String ?? ""
        let parts = message.components(separatedBy: "\r\n\r\n")
        #expect(parts[0].contains("\r\nTo: <ops@example.com>, <b@example.com>\r\nSubject: =?UTF-8?B?"))
        #expect(parts[0].contains(" +0000\r\nFrom: <net@example.com>"))
        // A name cannot add lines to the head.
        #expect(
            !parts[0].contains("Bcc") && message.components(separatedBy: "\r\n").allSatisfy { $0.utf8.count <= 998 })
        let body = Data(base64Encoded: parts[1], options: .ignoreUnknownCharacters) ?? Data()
        let text = String(decoding: body, as: UTF8.self)
        #expect(text.contains("firing: 10.0.0.1 1.00 kB") && text.hasSuffix(AlertJSON.text(alert) + "\n"))
    }

    @Test(.enabled(if: PythonServer.isInstalled)) func mailThatIsRefusedIsAFailure() throws {
        let server = try PythonServer.mail()
        let alert = try AlertSamples.alerts(1)[0]
        func send(_ encryption: MailNotifier.Encryption, to: String) throws {
            let mail = try MailNotifier(
                MailNotifier.Server(
                    host: "127.0.0.1", port: server.port, encryption: encryption, from: "a@example.com", to: [to]))
            try mail.send(alert, timeout: Self.timeout)
        }
        #expect(throws: SystemFailure.self) { try send(.automatic, to: "nobody@example.com") }
        // The server offers no STARTTLS.
        #expect(throws: SystemFailure.self) { try send(.startTLS, to: "a@example.com") }
        try send(.optional, to: "a@example.com")
    }

    @Test func aCommandGetsTheAlert() throws {
        try Golden.withTemporaryDirectory { folder in
            let alert = try AlertSamples.alerts(1, rule: "it's $(touch \(folder)/no)")[0]
            let script =
                "cat > \"$1\"/in; printf '%s|%s' \"$NETSPECTRA_ALERT_RULE\" \"$NETSPECTRA_ALERT_STATE\" > \"$1\"/env"
            try CommandNotifier(["/bin/sh", "-c", script, "x", folder]).send(alert, timeout: Self.timeout)
            #expect(try String(contentsOfFile: folder + "/in", encoding: .utf8) == AlertJSON.text(alert) + "\n")
            #expect(try String(contentsOfFile: folder + "/env", encoding: .utf8) == "\(alert.rule.name)|firing")
            #expect(!FileManager.default.fileExists(atPath: folder + "/no"))
        }
    }

    @Test(arguments: [
        (["/bin/sh", "-c", "exit 3"], "cannot run /bin/sh: it ended with 3"),
        (["/bin/sh", "-c", "kill -9 $$"], "cannot run /bin/sh: it was ended by signal 9"),
        (["/no/such/program"], "cannot run /no/such/program: No such file or directory"),
    ])
    func aCommandThatFailsSaysHow(arguments: [String], message: String) throws {
        let alert = try AlertSamples.alerts(1)[0]
        let failure = #expect(throws: SystemFailure.self) {
            try CommandNotifier(arguments).send(alert, timeout: Self.timeout)
        }
        #expect(failure.map { "\($0)" } == message)
    }

    /// With all that it has started.
    @Test func aCommandThatHangsIsKilled() throws {
        let alert = try AlertSamples.alerts(1)[0]
        try Golden.withTemporaryDirectory { folder in
            let fifo = folder + "/fifo"
            // SAFETY: the path is a text of Swift's, lent for the call.
            let made = unsafe mkfifo(fifo, 0o600)
            #expect(made == 0)
            // Both wait for a writer that never comes.
            let script = "cat '\(fifo)' & cat '\(fifo)'"
            let failure = #expect(throws: SystemFailure.self) {
                try CommandNotifier(["/bin/sh", "-c", script]).send(alert, timeout: 200_000_000)
            }
            #expect(failure.map { "\($0)" } == "cannot run /bin/sh: it took too long, and was killed")
        }
    }

    @Test func aLogGrowsByALine() throws {
        try Golden.withTemporaryDirectory { folder in
            let log = LogNotifier(path: folder + "/alerts.ndjson")
            let alerts = try AlertSamples.alerts(3)
            for alert in alerts { try log.send(alert, timeout: Self.timeout) }
            let text = try String(contentsOfFile: folder + "/alerts.ndjson", encoding: .utf8)
            #expect(text == alerts.map { AlertJSON.text($0) + "\n" }.joined())
            #expect(throws: SystemFailure.self) {
                try LogNotifier(path: folder + "/no/such/folder").send(alerts[0], timeout: Self.timeout)
            }
        }
    }
}
