import AppProtocols
import Events
import Octets

/// A line per transaction, in columns of fixed width so that lines can be printed as they come: method, status,
/// latency, octets of both bodies, host and path. An ellipsis behind the sizes: the request or the response was not
/// seen whole. Lines end at the terminal's width.
///
///     METHOD   STATUS    LATENCY    REQUEST   RESPONSE  HOST AND PATH
///     GET         200    12.3 ms        0 B    16.4 kB  example.com/index.html
public struct TransactionTable: MessageFormat {
    public var style: Style
    /// Columns of the terminal; `nil` for no limit.
    public var width: Int?

    public init(style: Style = .plain, width: Int? = nil) {
        self.style = style
        self.width = width
    }

    /// Columns before host and path.
    static let fixedColumns = 50

    /// The line with the columns' names.
    public func appendHeading(to buffer: inout OctetBuffer) {
        buffer.append(style.dim("METHOD   STATUS    LATENCY    REQUEST   RESPONSE  HOST AND PATH") + "\n")
    }

    /// Messages have no place in the table.
    public func append(_ message: borrowing Message, _ info: BaseInfo, to buffer: inout OctetBuffer) {}

    public func append(
        _ transaction: borrowing Transaction, _ info: BaseInfo, to buffer: inout OctetBuffer
    ) {
        let method = Self.shown(transaction.methodOctets)
        var line = Self.pad(TextTable.cut(method.isEmpty ? "-" : method, to: 8), 8)
        line += " " + painted(Self.pad(left: Self.status(transaction), 6), transaction)
        line += " " + Self.pad(left: Self.latency(transaction), 10)
        line += " " + Self.pad(left: HumanUnits.bytes(transaction.requestLength), 10)
        line += " " + Self.pad(left: HumanUnits.bytes(transaction.responseLength), 10)
        var place = Self.place(transaction)
        if let width { place = TextTable.cut(place, to: max(width - Self.fixedColumns, 16)) }
        buffer.append(line + (transaction.isComplete ? "  " : "… ") + place + "\n")
    }

    private static func shown(_ octets: Span<UInt8>) -> String {
        var buffer = OctetBuffer()
        buffer.append(terminal: octets, .escaped)
        return buffer.description
    }

    /// gRPC has a status of its own behind that of HTTP.
    private static func status(_ transaction: borrowing Transaction) -> String {
        let status = transaction.status == 0 ? "-" : "\(transaction.status)"
        return transaction.grpcStatus.map { "\(status)/\($0)" } ?? status
    }

    private static func latency(_ transaction: borrowing Transaction) -> String {
        guard let latency = transaction.latency else { return "-" }
        // A response may begin before its request has ended.
        return (latency < 0 ? "-" : "") + HumanUnits.duration(latency.magnitude)
    }

    private static func place(_ transaction: borrowing Transaction) -> String {
        let target = shown(transaction.targetOctets)
        let host = shown(transaction.hostOctets)
        // A target in absolute form (RFC 9112 § 3.2.2) names the host itself.
        return target.utf8.first == 0x2F || target == "*" || target.isEmpty ? host + target : target
    }

    private func painted(_ status: String, _ transaction: borrowing Transaction) -> String {
        switch transaction.status {
        case 0: style.dim(status)
        case 500...: style.bad(status)
        case 400..<500: style.warning(status)
        default: (transaction.grpcStatus ?? 0) == 0 ? style.good(status) : style.warning(status)
        }
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - TextTable.width(text)))
    }

    private static func pad(left text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - TextTable.width(text))) + text
    }
}
