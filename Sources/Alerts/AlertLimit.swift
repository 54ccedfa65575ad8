import Flows

/// How many messages may be sent in a span of time: `20/1h`.
public struct AlertLimit: Equatable, Sendable {
    public var count: Int
    public var nanoseconds: Int64

    public init(count: Int, nanoseconds: Int64) {
        self.count = count
        self.nanoseconds = nanoseconds
    }

    /// Of one rule where the settings do not say: 10 in 10 minutes.
    public static let ruleDefault = AlertLimit(count: 10, nanoseconds: 600_000_000_000)
    /// Of all rules together where the settings do not say: 60 in an hour.
    public static let allDefault = AlertLimit(count: 60, nanoseconds: 3_600_000_000_000)

    /// - Returns: `nil` where the text is no number from 1 to a million, `/`, and a duration.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[0]), 1...1_000_000 ~= count,
            let nanoseconds = DurationText.nanoseconds(String(parts[1])), nanoseconds > 0
        else { return nil }
        self.init(count: count, nanoseconds: nanoseconds)
    }
}

/// Counts what is sent against a limit: `count` at once, and then as many in each span.
struct AlertBucket {
    private let limit: AlertLimit
    private var tokens: Double
    private var time: Int64?

    init(_ limit: AlertLimit) {
        self.limit = limit
        tokens = Double(limit.count)
    }

    mutating func refill(at now: Int64) {
        // A clock that was set back gives nothing, and takes nothing away.
        if let time, now > time {
            let share = (Double(now) - Double(time)) / Double(limit.nanoseconds)
            tokens = min(Double(limit.count), tokens + share * Double(limit.count))
        }
        time = max(time ?? now, now)
    }

    var hasRoom: Bool { tokens >= 1 }
    mutating func take() { tokens -= 1 }
}
