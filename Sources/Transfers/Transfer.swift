import CCurl
import Glibc
import KernelIO
import Synchronization

/// Sends octets to servers over HTTP and SMTP: the one place that talks to libcurl, which is loaded when it is first
/// needed. A connection is kept for the next call to the same server.
@safe public final class Transfer: @unchecked Sendable {
    private let handle: OpaquePointer
    private let lock = Mutex(())

    /// What an HTTP server answered.
    public struct Response: Sendable {
        public var status: Int
        public var body: [UInt8]
    }

    /// - Throws: where libcurl is not installed.
    /// - Parameter name: what a failure says cannot be opened.
    public init(for name: String) throws(SystemFailure) {
        // SAFETY: the handle is freed once, in `deinit`, and used under the lock alone.
        guard let handle = unsafe ns_transfer_new() else {
            throw SystemFailure(
                operation: "open", path: name, errno: ENOENT,
                detail: "libcurl.so.4 cannot be loaded; Debian's package is libcurl4")
        }
        unsafe self.handle = handle
    }

    // SAFETY: the handle is valid until here, and nobody has a reference any more.
    deinit { unsafe ns_transfer_free(handle) }

    /// Posts octets.
    ///
    /// - Parameters:
    ///   - headers: lines `Name: value`, without line ends.
    ///   - bodyMax: so many octets of the answer are kept.
    ///   - timeout: milliseconds for all of it.
    ///   - name: what a failure calls the server; addresses may hold secrets.
    /// - Throws: where no answer came.
    public func post(
        _ octets: [UInt8], to url: String, headers: [String] = [], bodyMax: Int = .max, timeout: Int, name: String
    ) throws(SystemFailure) -> Response {
        try lock.withLock { (_) throws(SystemFailure) in
            // SAFETY: texts and octets are valid during the call; the answer until the next, and it is copied here.
            let response = unsafe withTexts(headers) { headers in
                unsafe octets.withUnsafeBytes { octets in
                    unsafe ns_http_post(
                        handle, url, headers.baseAddress, headers.count, octets.baseAddress, octets.count, bodyMax,
                        timeout)
                }
            }
            if unsafe response.status == 0 { throw unsafe Self.failure(response, name) }
            // SAFETY: as above.
            return unsafe Response(
                status: response.status,
                body: [UInt8](UnsafeBufferPointer(start: response.body, count: response.size)))
        }
    }

    /// Sends a message (RFC 5322) by SMTP (RFC 5321).
    ///
    /// - Parameters:
    ///   - url: `smtp://host:port`, or `smtps://host:port` for TLS from the first octet on.
    ///   - mustEncrypt: of `smtp`: only to a server that offers STARTTLS (RFC 3207). Otherwise TLS is used if offered.
    ///   - timeout: milliseconds for all of it.
    /// - Throws: where a server cannot be reached, or refuses the message.
    public func mail(
        _ message: [UInt8], from sender: String, to recipients: [String], url: String, mustEncrypt: Bool,
        user: String = "", password: String = "", timeout: Int, name: String
    ) throws(SystemFailure) {
        try lock.withLock { (_) throws(SystemFailure) in
            // SAFETY: texts and octets are valid during the call; the texts of the answer are copied here.
            let response = unsafe withTexts(recipients) { recipients in
                unsafe message.withUnsafeBytes { message in
                    unsafe ns_mail_send(
                        handle, url, mustEncrypt ? 1 : 0, user, password, sender, recipients.baseAddress,
                        recipients.count, message.baseAddress, message.count, timeout)
                }
            }
            if unsafe response.error.pointee != 0 { throw unsafe Self.failure(response, name) }
        }
    }

    /// A text as it may stand in an address (RFC 3986 § 2.1).
    public func escaped(_ text: String) -> String {
        lock.withLock { _ in
            // SAFETY: the library's copy is valid until it is given back.
            guard let copy = unsafe ns_transfer_escape(handle, text) else { return "" }
            defer { unsafe ns_transfer_release(handle, copy) }
            return unsafe String(cString: copy)
        }
    }

    private static func failure(_ response: ns_response, _ name: String) -> SystemFailure {
        // SAFETY: `error` is a NUL-terminated text of the handle, valid until the next call.
        SystemFailure(
            operation: "reach", path: name, errno: ECONNREFUSED, detail: unsafe String(cString: response.error))
    }

    /// The texts as C has them, for the call.
    private func withTexts<Result>(
        _ texts: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        // SAFETY: the copies are freed behind the only use.
        let copies = unsafe texts.map { unsafe UnsafePointer<CChar>(strdup($0)) }
        defer { unsafe copies.forEach { unsafe free(UnsafeMutableRawPointer(mutating: $0)) } }
        return unsafe copies.withUnsafeBufferPointer(body)
    }
}
