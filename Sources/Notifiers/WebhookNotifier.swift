import Alerts
import Glibc
import KernelIO
import Outputs
import Transfers

/// Posts alerts to an address over HTTP or HTTPS.
public struct WebhookNotifier: Notifier {
    private let url: String
    private let headers: [String]
    private let template: AlertTemplate?
    private let transfer: Transfer
    /// What failures call it: without path and query, which may hold a secret.
    private let name: String

    /// - Parameters:
    ///   - headers: besides the content's type.
    ///   - template: the body; `nil` for the alert as a JSON object.
    /// - Throws: where libcurl is not installed.
    public init(
        url: String, headers: [(name: String, value: String)] = [], template: AlertTemplate? = nil
    ) throws(SystemFailure) {
        self.url = url
        var lines = headers.map { "\($0.name): \($0.value)" }
        if !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            lines.append("Content-Type: application/json")
        }
        self.headers = lines + ["User-Agent: netspectra"]
        self.template = template
        name = Self.server(of: url)
        transfer = try Transfer(for: name)
    }

    public func send(_ alert: Alert, timeout: Int64) throws(SystemFailure) {
        let body = template?.text { AlertText.value($0, alert) } ?? AlertJSON.text(alert)
        let response = try transfer.post(
            Array(body.utf8), to: url, headers: headers, bodyMax: 1 << 12, timeout: max(1, Int(timeout / 1_000_000)),
            name: name)
        guard !(200..<300 ~= response.status) else { return }
        throw SystemFailure(
            operation: "notify", path: name, errno: EIO, detail: "HTTP status \(response.status)")
    }

    /// `https://host:port` of an address.
    static func server(of url: String) -> String {
        guard let slashes = url.firstIndex(of: ":"), url[slashes...].hasPrefix("://") else { return "the address" }
        let start = url.index(slashes, offsetBy: 3)
        let place = url[start...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let host = place.lastIndex(of: "@").map { place[place.index(after: $0)...] } ?? place
        return String(url[..<start] + host)
    }
}
