import Glibc
import Octets

/// A file of secrets that others may follow while it grows: each line is appended by one write(2).
///
/// `-` is standard output. A file that is made is its owner's alone; what is there is appended to, but not where others
/// may read it.
public final class KeyLogFile: Sendable {
    /// What errors call it.
    public let path: String
    public let descriptor: Int32

    public init(path: String) throws(SystemFailure) {
        guard path != "-" else {
            self.path = "standard output"
            descriptor = STDOUT_FILENO
            return
        }
        self.path = path
        // SAFETY: open(2) reads the NUL-terminated path during the call.
        let opened = unsafe open(path.systemName, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, mode_t(0o600))
        guard opened >= 0 else { throw SystemFailure(operation: "create", path: path, errno: errno) }
        descriptor = opened
        var status = stat()
        // SAFETY: fstat(2) fills `status` during the call.
        let code = unsafe fstat(opened, &status)
        guard code == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 else { return }
        throw SystemFailure(
            operation: "create", path: path, errno: EPERM,
            detail: "others may read what is there (mode \(String(status.st_mode & 0o777, radix: 8))), and secrets "
                + "open what they name: chmod 600 \(SystemName.shown(path)), or name another file")
    }

    deinit {
        if descriptor != STDOUT_FILENO { close(descriptor) }
    }

    /// Appends whole lines.
    public func write(_ lines: Span<UInt8>) throws(SystemFailure) {
        try DescriptorWriter(descriptor: descriptor, name: path).write(lines)
    }
}
