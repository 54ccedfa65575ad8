import Glibc
import KernelIO
import Transfers

/// One HTTP connection to a ClickHouse server.
final class ClickHouseConnection: Sendable {
    private let transfer: Transfer
    private let address: ClickHouseAddress
    /// Milliseconds for one statement.
    private let timeout: Int

    /// - Throws: where libcurl is not installed.
    init(_ address: ClickHouseAddress, timeout: Int) throws(SystemFailure) {
        transfer = try Transfer(for: address.name)
        self.address = address
        self.timeout = timeout
    }

    /// Sends a statement and gives back what it answers.
    ///
    /// - Parameters:
    ///   - octets: the data of an INSERT.
    ///   - settings: `&name=value` for the address.
    func send(
        _ statement: String, _ octets: [UInt8] = [], database: Bool = true, settings: String = ""
    ) throws(SystemFailure) -> [UInt8] {
        // Without waiting for the end, a failure in the middle would come behind the status 200.
        var url = address.url + "?max_query_size=67108864&wait_end_of_query=1" + settings
        if database { url += "&database=" + address.database }
        var body = octets
        if octets.isEmpty {
            body = Array(statement.utf8)
        } else {
            url += "&query=" + transfer.escaped(statement)
        }
        var headers = ["Content-Type: application/octet-stream"]
        if !address.user.isEmpty {
            headers += ["X-ClickHouse-User: \(address.user)", "X-ClickHouse-Key: \(address.password)"]
        }
        let response = try transfer.post(body, to: url, headers: headers, timeout: timeout, name: address.name)
        if response.status == 200 { return response.body }
        let text = String(decoding: response.body.prefix(500), as: UTF8.self)
        // What the server says of itself is for a while; what it says of a statement is for good.
        throw SystemFailure(
            operation: "ask", path: address.name, errno: response.status >= 500 ? EIO : EINVAL,
            detail: text.split(separator: "\n").first.map(String.init) ?? "HTTP status \(response.status)")
    }
}
