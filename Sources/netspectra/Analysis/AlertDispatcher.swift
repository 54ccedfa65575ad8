import Alerts
import ArgumentParser
import Configuration
import Flows
import KernelIO
import Notifiers
import Outputs

/// A run's rules and notifiers: evaluates each snapshot and hands alerts on. Whoever brings a snapshot never waits for
/// a notifier.
final class AlertDispatcher: Sendable {
    private let engine: Monitor<AlertEngine>
    private let notifiers: [QueuedNotifier]
    /// Standard error says what nobody else would.
    private let isSaid: Bool

    /// - Parameter tasks: all that are counted.
    /// - Throws: `ExitCode` once it was said what is wrong with a rule or a notifier.
    init(_ settings: AlertSettings, tasks: [AlertTask], options: AlertEngine.Options) throws {
        do throws(AlertRuleFailure) {
            engine = Monitor(try AlertEngine(settings.rules, tasks: tasks, options: options))
        } catch {
            throw Exit.fail(Exit.configuration, "\(error)")
        }
        isSaid = settings.notifiers.isEmpty
        var notifiers: [QueuedNotifier] = []
        for notifier in settings.notifiers {
            do throws(SystemFailure) {
                notifiers.append(try notifier.notifier())
            } catch {
                throw Exit.fail(Exit.unavailable, "alert notifier \(notifier.name): \(error)")
            }
        }
        self.notifiers = notifiers
    }

    /// Evaluates a snapshot.
    /// - Parameter print: takes each alert as a line of JSON, and says whether it was printed.
    func take(_ snapshot: Snapshot, print: (String) -> Bool) {
        for alert in engine.withLock({ $0.evaluate(snapshot) }) {
            let isPrinted = print(AlertJSON.text(alert))
            if isSaid, !isPrinted { StandardError.write("netspectra: alert " + AlertText.lines(alert)) }
            for notifier in notifiers where alert.rule.notify?.contains(notifier.name) ?? true { notifier.put(alert) }
        }
    }

    /// Waits until all was sent or given up, and says what became of it.
    func drain() -> [LedgerReport.Stage] {
        // All at once: one that is slow does not take the time of the next.
        for notifier in notifiers { notifier.close() }
        for notifier in notifiers { notifier.drain() }
        for notifier in notifiers {
            guard let failure = notifier.failure else { continue }
            StandardError.write("netspectra: alert notifier \(notifier.name): \(failure)\n")
        }
        return [LedgerReport.Stage(engine.withLock(\.counts))] + notifiers.map(\.stage)
    }
}

extension NotifierSettings {
    /// The notifier, with a queue of its own.
    fileprivate func notifier() throws(SystemFailure) -> QueuedNotifier {
        var policy = QueuedNotifier.Policy()
        if let queueMax { policy.queueMax = queueMax }
        if let tries { policy.tries = tries }
        if let timeoutNanoseconds { policy.timeout = timeoutNanoseconds }
        return try QueuedNotifier(kind.notifier(), name: name, policy: policy)
    }
}

extension NotifierSettings.Kind {
    fileprivate func notifier() throws(SystemFailure) -> any Notifier {
        switch self {
        case .command(let arguments): return CommandNotifier(arguments)
        case .log(let path): return LogNotifier(path: path)
        case .webhook(let url, let headers, let template):
            var lines: [(name: String, value: String)] = []
            for header in headers { lines.append((header.name, try Self.resolved(header.value))) }
            return try WebhookNotifier(url: Self.resolved(url), headers: lines, template: template)
        case .mail(let mail):
            let encryption: MailNotifier.Encryption =
                switch mail.encryption {
                case .auto: .automatic
                case .starttls: .startTLS
                case .implicit: .implicit
                case .optional: .optional
                }
            return try MailNotifier(
                MailNotifier.Server(
                    host: mail.host, port: mail.port, encryption: encryption, user: mail.user,
                    password: Self.resolved(mail.password), from: mail.from, to: mail.to))
        }
    }

    /// `${NAME}` is what the environment has under the name, so that secrets need not stand in the file.
    private static func resolved(_ text: String) throws(SystemFailure) -> String {
        guard text.hasPrefix("${"), text.hasSuffix("}") else { return text }
        let name = String(text.dropFirst(2).dropLast())
        guard let value = Terminal.environment(name), !value.contains(where: \.isNewline) else {
            throw SystemFailure(
                operation: "read", path: text, errno: 0, detail: "the environment has no such variable in one line")
        }
        return value
    }
}
