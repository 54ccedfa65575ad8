import Events

/// Which messages are wanted. Of each kind of criterion one must match; a kind that is empty matches everything.
///
/// Method, host and path are a request's, and count for the responses, transactions and WebSocket and gRPC messages
/// that belong to it; the status is a response's and a transaction's. What has no such thing (a request has no status,
/// raw octets have no host) does not match a criterion that asks for it.
public struct MessageFilter: Sendable, Equatable {
    public var hosts: [Glob] = []
    /// Without regard to case, so that `get` finds what it means.
    public var methods: [Glob] = []
    public var paths: [Glob] = []
    public var statuses: [ClosedRange<UInt16>] = []
    /// Either end's.
    public var ports: Set<UInt16> = []
    public var pids: Set<UInt32> = []
    public var comms: [Glob] = []

    public init() {}

    /// Nothing is asked for: everything matches.
    public var isEmpty: Bool { self == Self() }

    /// Criteria that only HTTP has.
    private var asksForRequest: Bool { !hosts.isEmpty || !methods.isEmpty || !paths.isEmpty }

    // MARK: - Connections

    /// Whether who speaks is wanted.
    public func matches(_ base: borrowing BaseInfo) -> Bool {
        if !ports.isEmpty, !ports.contains(base.sourcePort), !ports.contains(base.destinationPort) { return false }
        if !pids.isEmpty, !pids.contains(base.pid) { return false }
        guard !comms.isEmpty else { return true }
        let name = base.comm.octets
        return comms.contains { $0.matches(name.span) }
    }

    // MARK: - Messages

    public func matches(_ message: borrowing Message) -> Bool {
        switch message.kind {
        case .http1Request, .http2Request:
            statuses.isEmpty
                && matches(
                    method: message.headers.span(of: message.method), host: message.headers.span(of: message.host),
                    target: message.headers.span(of: message.target))
        case .http1Response, .http2Response, .grpc:
            message.isWanted && matches(status: message.kind == .grpc ? 0 : message.status)
        case .webSocket:
            statuses.isEmpty
                && matches(
                    method: nil, host: message.headers.span(of: message.host),
                    target: message.headers.span(of: message.target))
        default: statuses.isEmpty && !asksForRequest
        }
    }

    public func matches(_ transaction: borrowing Transaction) -> Bool {
        matches(status: transaction.status) && wantsRequest(of: transaction)
    }

    /// Whether what answers this request is wanted.
    func wantsRequest(of transaction: borrowing Transaction) -> Bool {
        guard asksForRequest else { return true }
        return matches(
            method: transaction.methodOctets, host: transaction.hostOctets, target: transaction.targetOctets)
    }

    // MARK: - Parts

    private func matches(status: UInt16) -> Bool {
        statuses.isEmpty || statuses.contains { $0.contains(status) }
    }

    /// - Parameter method: `nil` matches.
    private func matches(method: Span<UInt8>?, host: Span<UInt8>, target: Span<UInt8>) -> Bool {
        if let method, !methods.isEmpty, !methods.contains(where: { $0.matches(method) }) { return false }
        if !hosts.isEmpty, !hosts.contains(where: { Self.matches($0, host: host) }) { return false }
        return paths.isEmpty || paths.contains { Self.matches($0, target: target) }
    }

    /// A pattern without a port says nothing about it.
    private static func matches(_ pattern: Glob, host: Span<UInt8>) -> Bool {
        if pattern.matches(host) { return true }
        var end = host.count
        // `[::1]:443` and `example.com:443`, but not the colons of an address (RFC 3986 § 3.2.2).
        while end > 0, 0x30...0x39 ~= host[end - 1] { end -= 1 }
        guard end > 1, host[end - 1] == UInt8(ascii: ":") else { return false }
        return pattern.matches(host.extracting(0..<end - 1))
    }

    /// A pattern without a question mark says nothing about the query.
    private static func matches(_ pattern: Glob, target: Span<UInt8>) -> Bool {
        var (start, end) = (0, target.count)
        if target.count > 0, target[0] != UInt8(ascii: "/"), let path = pathOfAbsolute(target) { start = path }
        if !pattern.contains(UInt8(ascii: "?")) {
            var index = start
            while index < end, target[index] != UInt8(ascii: "?") { index += 1 }
            end = index
        }
        return pattern.matches(target.extracting(start..<end))
    }

    /// Where the path of `http://example.com/path` begins (RFC 9112 § 3.2.2).
    private static func pathOfAbsolute(_ target: Span<UInt8>) -> Int? {
        var slashes = 0
        for index in target.indices where target[index] == UInt8(ascii: "/") {
            slashes += 1
            if slashes == 3 { return index }
        }
        return nil
    }
}
