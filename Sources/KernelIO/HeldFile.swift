import Glibc

/// A regular file that stays at hand whatever becomes of the path that it was found by, such as a process that ends.
public final class HeldFile: Sendable {
    public let identity: FileIdentity
    private let descriptor: Int32

    /// Leads to the file, in this process and as long as this exists.
    public var path: String { "/proc/self/fd/\(descriptor)" }

    /// - Throws: also where the path does not lead to a regular file.
    public init(path: String) throws(SystemFailure) {
        // SAFETY: open(2) reads the NUL-terminated path during the call.
        let opened = unsafe open(path.systemName, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard opened >= 0 else { throw SystemFailure(operation: "open", path: path, errno: errno) }
        var status = stat()
        // SAFETY: fstat(2) fills `status` during the call.
        guard unsafe fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(opened)
            throw SystemFailure(operation: "open", path: path, errno: EINVAL, detail: "it is no regular file")
        }
        identity = FileIdentity(status)
        descriptor = opened
    }

    deinit { close(descriptor) }
}
