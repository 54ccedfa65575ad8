import Alerts
import KernelIO
import Outputs

/// Runs a program for each alert, without a shell: the JSON object on its standard input, and what most scripts want in
/// its environment.
public struct CommandNotifier: Notifier {
    /// The program and its arguments.
    private let arguments: [String]

    public init(_ arguments: [String]) { self.arguments = arguments }

    public func send(_ alert: Alert, timeout: Int64) throws(SystemFailure) {
        try ProgramRun.run(
            arguments, environment: Self.environment(alert), input: Array((AlertJSON.text(alert) + "\n").utf8),
            timeout: timeout)
    }

    /// `NETSPECTRA_ALERT_RULE` and so on: every name of `AlertTemplate` but `json`.
    static func environment(_ alert: Alert) -> [(name: String, value: String)] {
        AlertTemplate.names.filter { $0 != "json" }.map {
            ("NETSPECTRA_ALERT_\($0.uppercased())", AlertText.plain($0, alert))
        }
    }
}
