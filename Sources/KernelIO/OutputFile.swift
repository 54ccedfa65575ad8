import Glibc
import Octets

/// A file being written that appears whole or not at all: the octets go to a name of their own beside it, and `commit`
/// syncs and renames. Without `commit` nothing stays behind.
///
/// `-` is standard output. What is no regular file (a pipe, `/dev/null`) is written in place.
public struct OutputFile: ~Copyable, Sendable {
    public let path: String
    /// Where the octets go until `commit`; `nil` where they go to `path` itself.
    private var temporaryPath: String?
    public let descriptor: Int32
    private var isOpen = true

    /// Creates the file.
    public init(path: String) throws(SystemFailure) {
        self.path = path == "-" ? "standard output" : path
        var status = stat()
        // SAFETY: stat(2) reads the NUL-terminated path and fills `status` during the call.
        let exists = unsafe path != "-" && stat(path.systemName, &status) == 0
        let kind = status.st_mode & S_IFMT
        let isInPlace = path == "-" || exists && kind != S_IFREG
        let target = isInPlace ? path : "\(path).\(getpid()).tmp"
        temporaryPath = isInPlace ? nil : target
        let flags = O_WRONLY | O_CLOEXEC | (isInPlace ? 0 : O_CREAT | O_EXCL)
        // SAFETY: open(2) reads the NUL-terminated path during the call.
        descriptor = path == "-" ? STDOUT_FILENO : unsafe open(target.systemName, flags, mode_t(0o666))
        if descriptor < 0 {
            isOpen = false
            throw SystemFailure(operation: "create", path: path, errno: exists && kind == S_IFDIR ? EISDIR : errno)
        }
    }

    deinit {
        guard isOpen else { return }
        if descriptor != STDOUT_FILENO { close(descriptor) }
        // SAFETY: unlink(2) reads the NUL-terminated path during the call.
        if let temporaryPath { _ = unsafe unlink(temporaryPath.systemName) }
    }

    /// From now on another process, which has the file too, gives it its name or removes it.
    /// - Returns: the name that the file has until then; `nil` where it needs no other.
    public mutating func leaveName() -> String? { temporaryPath.take() }

    /// Writes all octets.
    public func write(_ octets: Span<UInt8>) throws(SystemFailure) {
        try DescriptorWriter(descriptor: descriptor, name: path).write(octets)
    }

    /// Makes what was written appear under its name.
    public consuming func commit() throws(SystemFailure) {
        guard let temporaryPath else {
            isOpen = false
            if descriptor != STDOUT_FILENO, close(descriptor) != 0 {
                throw SystemFailure(operation: "close", path: path, errno: errno)
            }
            return
        }
        // Anything that fails before the rename leaves `isOpen`, so `deinit` cleans up.
        if fsync(descriptor) != 0 { throw SystemFailure(operation: "sync", path: path, errno: errno) }
        // SAFETY: rename(2) reads both NUL-terminated paths during the call.
        if unsafe rename(temporaryPath.systemName, path.systemName) != 0 {
            throw SystemFailure(operation: "rename", path: path, errno: errno)
        }
        isOpen = false
        close(descriptor)
    }
}

/// Standard error, for messages to people.
public enum StandardError {
    /// Writes the text as it is, but for octets of names that are no UTF-8, which are escaped. What cannot be written
    /// is lost.
    public static func write(_ text: String) {
        let octets = Array(SystemName.escaped(text).utf8)
        // SAFETY: write(2) reads at most `count` octets of the array during the call.
        _ = unsafe octets.withUnsafeBufferPointer { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
