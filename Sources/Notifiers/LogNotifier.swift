import Alerts
import KernelIO
import Outputs

/// Appends alerts to a file as JSON Lines, or says them on standard error.
///
/// The file is opened for each alert, so that it can be moved away at any time.
public struct LogNotifier: Notifier {
    /// `nil` for standard error.
    private let path: String?

    public init(path: String?) { self.path = path }

    public func send(_ alert: Alert, timeout: Int64) throws(SystemFailure) {
        guard let path else { return StandardError.write("netspectra: alert " + AlertText.lines(alert)) }
        try DescriptorWriter(appendingTo: path).write(Array((AlertJSON.text(alert) + "\n").utf8).span)
    }
}
