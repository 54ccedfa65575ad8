import Alerts
import KernelIO

/// Tells somebody of alerts.
public protocol Notifier: Sendable {
    /// Sends one. After a failure the same call may be repeated.
    /// - Parameter timeout: nanoseconds that it may take.
    func send(_ alert: Alert, timeout: Int64) throws(SystemFailure)
}
