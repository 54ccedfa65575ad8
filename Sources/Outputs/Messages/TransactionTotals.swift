import AppProtocols

/// What transactions come to so far, for the line above a live table.
public struct TransactionTotals: Equatable, Sendable {
    public private(set) var count: UInt64 = 0
    /// By the first digit of the status: 4 and 5.
    public private(set) var clientErrors: UInt64 = 0
    public private(set) var serverErrors: UInt64 = 0
    public private(set) var unanswered: UInt64 = 0
    private var answered: UInt64 = 0
    private var latencySum: UInt64 = 0
    private var latencyMax: UInt64 = 0
    private var firstTime = Int64.max
    private var lastTime = Int64.min

    public init() {}

    public mutating func add(_ transaction: borrowing Transaction) {
        count += 1
        switch transaction.status {
        case 0: unanswered += 1
        case 400..<500: clientErrors += 1
        case 500...: serverErrors += 1
        default: break
        }
        firstTime = min(firstTime, transaction.requestTime)
        lastTime = max(lastTime, transaction.requestTime)
        guard let latency = transaction.latency, latency >= 0 else { return }
        answered += 1
        latencySum &+= latency.magnitude
        latencyMax = max(latencyMax, latency.magnitude)
    }

    /// One line of at most `width` columns: what finds no room is left out from the end on.
    public func text(width: Int?) -> String {
        var parts = ["\(HumanUnits.grouped(count)) transaction\(count == 1 ? "" : "s")"]
        let span = count > 1 ? lastTime.subtractingReportingOverflow(firstTime).partialValue : 0
        if span >= 1_000_000_000 {
            parts.append(HumanUnits.decimal(Double(count) / (Double(span) / 1e9), 1) + "/s")
        }
        if clientErrors > 0 { parts.append("\(HumanUnits.grouped(clientErrors)) × 4xx") }
        if serverErrors > 0 { parts.append("\(HumanUnits.grouped(serverErrors)) × 5xx") }
        if unanswered > 0 { parts.append("\(HumanUnits.grouped(unanswered)) unanswered") }
        if answered > 0 {
            parts.append("latency \(HumanUnits.duration(latencySum / answered)) on average")
            parts.append("\(HumanUnits.duration(latencyMax)) at most")
        }
        var line = parts.removeFirst()
        for part in parts {
            guard TextTable.width(line) + 2 + TextTable.width(part) <= width ?? .max else { break }
            line += ", " + part
        }
        return line
    }
}
