import CKernelIO
import Glibc

/// A descriptor that is written to until all octets are out or the system refuses.
public struct DescriptorWriter: ~Copyable, Sendable {
    /// What errors call it.
    public let path: String
    private let descriptor: Int32
    private let ownsDescriptor: Bool

    /// Creates a file that must not exist yet.
    public init(creating path: String) throws(SystemFailure) {
        // SAFETY: `path` is bridged to a NUL-terminated string for the call only.
        let descriptor = unsafe open(path.systemName, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw SystemFailure(operation: "create", path: path, errno: errno) }
        self.path = path
        self.descriptor = descriptor
        ownsDescriptor = true
    }

    /// Opens a file to write behind what it has, and creates it where there is none.
    public init(appendingTo path: String) throws(SystemFailure) {
        // SAFETY: `path` is bridged to a NUL-terminated string for the call only.
        let descriptor = unsafe open(path.systemName, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw SystemFailure(operation: "open", path: path, errno: errno) }
        self.path = path
        self.descriptor = descriptor
        ownsDescriptor = true
    }

    /// Writes to a descriptor that stays the caller's, such as standard output.
    public init(descriptor: Int32, name: String) {
        path = name
        self.descriptor = descriptor
        ownsDescriptor = false
    }

    deinit {
        if ownsDescriptor { Glibc.close(descriptor) }
    }

    /// Writes everything: goes on after short writes and signals, waits where a non-blocking descriptor is full.
    public func write(_ octets: Span<UInt8>) throws(SystemFailure) {
        var start = 0
        while start < octets.count {
            let rest = octets.extracting(start..<octets.count)
            // SAFETY: the pointer is used within the closure only, for as many octets as the span has.
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written >= 0 {
                start += written
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                waitUntilWritable()
            } else if errno != EINTR {
                throw SystemFailure(operation: "write", path: path, errno: errno)
            }
        }
    }

    /// Asks the system to begin bringing to the disk what was written, so that `FileTree.syncFile` has less to wait
    /// for. Where it does not, nothing is lost but time.
    public func startSyncing() { ns_start_syncing(descriptor) }

    private func waitUntilWritable() {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        // SAFETY: one pollfd is passed, and the count says so. Whatever poll returns, the next write tells more.
        _ = unsafe poll(&request, 1, -1)
    }
}

extension SystemFailure {
    /// A name that a file cannot hold.
    public static func nameTooLong(_ name: String, operation: String) -> SystemFailure {
        SystemFailure(operation: operation, path: name, errno: ENAMETOOLONG)
    }

    /// The reader of a pipe or socket is gone: for a program that prints to `head`, no failure to speak of.
    public var isBrokenPipe: Bool { errno == EPIPE }
}
