import Glibc

/// A connection to another machine: what datagrams or a stream of octets go into. It never blocks without a limit.
public struct NetworkSocket: ~Copyable, Sendable {
    public enum Kind: Sendable { case datagrams, stream }

    /// POLLRDHUP, which the module does not show: the other end writes no more.
    private static let readHangup: Int32 = 0x2000

    private let descriptor: Int32
    /// What errors call the other end.
    private let name: String

    /// Looks the host up and connects to the first of its addresses that answers.
    ///
    /// - Parameter milliseconds: how long each address may take; datagrams need no answer.
    public init(_ kind: Kind, host: String, port: UInt16, milliseconds: Int32 = 3000) throws(SystemFailure) {
        let name = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        self.name = name
        // SAFETY: the hints hold numbers and no pointers.
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32((kind == .stream ? SOCK_STREAM : SOCK_DGRAM).rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        // SAFETY: getaddrinfo(3) reads its NUL-terminated texts and the hints during the call; what it gives back is
        // freed below, after its last use.
        let code = unsafe getaddrinfo(host, "\(port)", &hints, &found)
        guard code == 0, let first = unsafe found else {
            // SAFETY: gai_strerror(3) returns a constant text.
            let reason = unsafe String(cString: gai_strerror(code))
            throw SystemFailure(operation: "find", path: host, errno: EHOSTUNREACH, detail: reason)
        }
        defer { unsafe freeaddrinfo(first) }
        var failure: Int32 = EHOSTUNREACH
        var descriptor: Int32 = -1
        var next: UnsafeMutablePointer<addrinfo>? = unsafe first
        while descriptor < 0, let entry = unsafe next {
            // SAFETY: the list and its addresses live until `freeaddrinfo`.
            let address = unsafe entry.pointee
            let type = unsafe address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            descriptor = unsafe socket(address.ai_family, type, 0)
            if descriptor < 0 {
                failure = errno
            } else {
                // SAFETY: as above; connect(2) reads `ai_addrlen` octets of the address during the call.
                let result = unsafe connect(descriptor, address.ai_addr, address.ai_addrlen)
                failure = result == 0 ? 0 : errno
                if failure == EINPROGRESS { failure = Self.outcome(descriptor, milliseconds: milliseconds) }
                if failure != 0 {
                    Glibc.close(descriptor)
                    descriptor = -1
                }
            }
            unsafe next = address.ai_next
        }
        guard descriptor >= 0 else { throw SystemFailure(operation: "connect to", path: name, errno: failure) }
        self.descriptor = descriptor
    }

    deinit { Glibc.close(descriptor) }

    /// Sends one datagram. That it arrives is not known; a refusal shows at a later one.
    public func send(_ datagram: Span<UInt8>) throws(SystemFailure) {
        while true {
            // SAFETY: the pointer is used within the closure only, for as many octets as the span has.
            let sent = unsafe datagram.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent >= 0 { return }
            if errno == EAGAIN || errno == EWOULDBLOCK {
                guard Self.wait(descriptor, POLLOUT, milliseconds: 1000) != 0 else { throw failure(ETIMEDOUT) }
            } else if errno != EINTR {
                throw failure(errno)
            }
        }
    }

    /// Writes everything to a stream.
    ///
    /// - Parameter milliseconds: how long the other end may take nothing.
    public func write(_ octets: Span<UInt8>, milliseconds: Int32) throws(SystemFailure) {
        var start = 0
        while start < octets.count {
            let rest = octets.extracting(start..<octets.count)
            // SAFETY: as in `send`.
            let written = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if written >= 0 {
                start += written
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                guard Self.wait(descriptor, POLLOUT, milliseconds: milliseconds) != 0 else { throw failure(ETIMEDOUT) }
            } else if errno != EINTR {
                throw failure(errno)
            }
        }
    }

    /// Takes the error that a refused datagram has left behind; `nil` where there is none.
    public func takeFailure() -> SystemFailure? {
        let code = Self.error(descriptor)
        return code == 0 ? nil : failure(code)
    }

    /// The other end of a stream was closed, or the connection broke: what is written now arrives nowhere.
    public var isOtherEndClosed: Bool {
        let events = Self.wait(descriptor, Self.readHangup, milliseconds: 0)
        return events & Int16(truncatingIfNeeded: Self.readHangup | POLLHUP | POLLERR) != 0
    }

    /// Ends a stream: waits until the other end has taken everything and closed, too.
    /// - Returns: whether it did in time.
    public func finish(milliseconds: Int32) -> Bool {
        _ = shutdown(descriptor, Int32(SHUT_WR))
        let events = Self.wait(descriptor, Self.readHangup, milliseconds: milliseconds)
        return events & Int16(truncatingIfNeeded: Self.readHangup) != 0 && Self.error(descriptor) == 0
    }

    private func failure(_ code: Int32) -> SystemFailure {
        SystemFailure(operation: "send to", path: name, errno: code)
    }

    /// What became of a connection that is being made: 0 or an error number.
    private static func outcome(_ descriptor: Int32, milliseconds: Int32) -> Int32 {
        wait(descriptor, POLLOUT, milliseconds: milliseconds) == 0 ? ETIMEDOUT : error(descriptor)
    }

    private static func error(_ descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        // SAFETY: getsockopt(2) writes at most `size` octets into `code` during the call.
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else { return errno }
        return code
    }

    /// - Returns: what happened; 0 where nothing did in time.
    private static func wait(_ descriptor: Int32, _ events: Int32, milliseconds: Int32) -> Int16 {
        var request = pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0)
        // SAFETY: one pollfd is passed, and the count says so.
        while unsafe poll(&request, 1, milliseconds) < 0, errno == EINTR {}
        return request.revents
    }
}
