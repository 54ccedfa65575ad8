import Glibc

/// A file that is good at any length at which a record of it ends, and so has its name from the start: it grows while
/// others read it, and what a failed write left of a record can be cut off.
///
/// Only its owner may read it (mode 0600). `-` is standard output. What is no regular file (a pipe, `/dev/null`) is
/// written in place.
public struct GrowingFile: ~Copyable, Sendable {
    public let path: String
    public let descriptor: Int32
    /// Octets written.
    public private(set) var count: UInt64 = 0
    private var isOpen = true

    /// Creates the file. A file that has this name loses it.
    public init(creating path: String) throws(SystemFailure) {
        self.path = path == "-" ? "standard output" : path
        guard path != "-" else {
            descriptor = STDOUT_FILENO
            return
        }
        var status = stat()
        // SAFETY: stat(2) reads the NUL-terminated path and fills `status` during the call.
        let exists = unsafe stat(path.systemName, &status) == 0
        let kind = status.st_mode & S_IFMT
        let isInPlace = exists && kind != S_IFREG
        // SAFETY: unlink(2) reads the NUL-terminated path during the call. Whether it did it, open(2) tells.
        if !isInPlace { _ = unsafe unlink(path.systemName) }
        let flags = O_WRONLY | O_CLOEXEC | (isInPlace ? 0 : O_CREAT | O_EXCL)
        // SAFETY: open(2) reads the NUL-terminated path during the call.
        descriptor = unsafe open(path.systemName, flags, mode_t(0o600))
        if descriptor < 0 {
            isOpen = false
            throw SystemFailure(operation: "create", path: path, errno: exists && kind == S_IFDIR ? EISDIR : errno)
        }
    }

    /// A file that another process has created, and nothing is in yet. From now on the descriptor is this value's.
    public init(adopting descriptor: Int32, path: String) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        if isOpen, descriptor != STDOUT_FILENO { Glibc.close(descriptor) }
    }

    /// Writes all octets, or as many as the system takes.
    /// - Returns: how many were written, and why not all.
    public mutating func write(_ octets: Span<UInt8>) -> (written: Int, failure: SystemFailure?) {
        var start = 0
        while start < octets.count {
            let rest = octets.extracting(start..<octets.count)
            // SAFETY: the pointer is used within the closure only, for as many octets as the span has.
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written >= 0 {
                start += written
                count += UInt64(written)
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                // SAFETY: one pollfd is passed, and the count says so. Whatever poll returns, the next write tells.
                _ = unsafe poll(&request, 1, -1)
            } else if errno != EINTR {
                return (start, SystemFailure(operation: "write", path: path, errno: errno))
            }
        }
        return (start, nil)
    }

    /// Cuts off what is behind so many octets.
    /// - Returns: false where that cannot be done, as with a pipe.
    public mutating func truncate(to count: UInt64) -> Bool {
        guard ftruncate(descriptor, off_t(count)) == 0 else { return false }
        // The next write goes where the file ends.
        lseek(descriptor, off_t(count), SEEK_SET)
        self.count = count
        return true
    }

    /// Ends the file.
    /// - Parameter syncs: waits until it is on the disk, so that what the disk refuses is known.
    public consuming func close(syncs: Bool) throws(SystemFailure) {
        // What is no regular file cannot be synced (EINVAL, EROFS), and needs not.
        if syncs, fsync(descriptor) != 0, errno != EINVAL, errno != EROFS {
            throw SystemFailure(operation: "sync", path: path, errno: errno)
        }
        isOpen = false
        guard descriptor == STDOUT_FILENO || Glibc.close(descriptor) == 0 else {
            throw SystemFailure(operation: "close", path: path, errno: errno)
        }
    }
}
