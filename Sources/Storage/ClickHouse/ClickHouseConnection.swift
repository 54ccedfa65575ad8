import CCurl
import Glibc
import KernelIO
import Synchronization

/// One HTTP connection to a ClickHouse server.
@safe final class ClickHouseConnection: @unchecked Sendable {
    private let http: OpaquePointer
    private let address: ClickHouseAddress
    /// Milliseconds for one statement.
    private let timeout: Int
    private let lock = Mutex(())

    /// - Throws: where libcurl is not installed.
    init(_ address: ClickHouseAddress, timeout: Int) throws(SystemFailure) {
        // SAFETY: the handle is freed once, in `deinit`, and used under the lock alone.
        guard let http = unsafe ns_http_new() else {
            throw SystemFailure(
                operation: "open", path: address.name, errno: ENOENT,
                detail: "libcurl.so.4 cannot be loaded; Debian's package is libcurl4")
        }
        unsafe self.http = http
        self.address = address
        self.timeout = timeout
    }

    deinit { unsafe ns_http_free(http) }

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
            url += "&query=" + escaped(statement)
        }
        return try lock.withLock { (_) throws(SystemFailure) in
            // SAFETY: texts and octets are valid during the call; the answer until the next, and it is copied here.
            let response = unsafe body.withUnsafeBytes { body in
                unsafe ns_http_post(
                    http, url, address.user, address.password, body.baseAddress, body.count, timeout)
            }
            let answer = unsafe [UInt8](UnsafeBufferPointer(start: response.body, count: response.size))
            if unsafe response.status == 200 { return answer }
            if unsafe response.status == 0 {
                throw SystemFailure(
                    operation: "reach", path: address.name, errno: ECONNREFUSED,
                    detail: unsafe String(cString: response.error))
            }
            let text = String(decoding: answer.prefix(500), as: UTF8.self)
            // SAFETY: the answer is a value; its texts were copied.
            // What the server says of itself is for a while; what it says of a statement is for good.
            throw SystemFailure(
                operation: "ask", path: address.name, errno: unsafe response.status >= 500 ? EIO : EINVAL,
                detail: text.split(separator: "\n").first.map(String.init) ?? "HTTP status \(unsafe response.status)")
        }
    }

    private func escaped(_ text: String) -> String {
        // SAFETY: the library's copy is valid until it is given back.
        guard let copy = unsafe ns_http_escape(http, text) else { return "" }
        defer { unsafe ns_http_release(http, copy) }
        return unsafe String(cString: copy)
    }
}
