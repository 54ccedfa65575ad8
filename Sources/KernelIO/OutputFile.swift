import Glibc
import Octets

/// A file being written that appears whole or not at all: the octets go to a name of their own beside it, and `commit`
/// syncs and renames. Without `commit` nothing stays behind.
///
/// A file that is there already keeps its mode and owner; a symbolic link stays, and the file it names is replaced.
/// `-` is standard output. What is no regular file (a pipe, `/dev/null`), and a descriptor of this process
/// (`/dev/stdout`), is written in place; so is another user's file, which nobody but that user could make anew.
public struct OutputFile: ~Copyable, Sendable {
    public let path: String
    /// The file's own name, symbolic links followed.
    private let target: String
    /// Where the octets go until `commit`; `nil` where they go to `path` itself.
    private var temporaryPath: String?
    public let descriptor: Int32
    private var isOpen = true

    /// Creates the file.
    public init(path: String) throws(SystemFailure) {
        self.path = path == "-" ? "standard output" : path
        if let opened = path == "-" ? STDOUT_FILENO : Self.duplicate(namedBy: path) {
            target = path
            descriptor = opened
            if opened < 0 {
                isOpen = false
                throw SystemFailure(operation: "create", path: path, errno: errno)
            }
            return
        }
        var status = stat()
        // SAFETY: stat(2) reads the NUL-terminated path and fills `status` during the call.
        let exists = unsafe stat(path.systemName, &status) == 0
        let kind = status.st_mode & S_IFMT
        target = exists && kind != S_IFREG ? path : Self.followed(path)
        if !exists || kind == S_IFREG {
            let name = "\(target).\(getpid()).tmp"
            // Nobody may read it who may not read what it replaces.
            let mode = exists ? status.st_mode & 0o777 : 0o666
            // SAFETY: open(2) reads the NUL-terminated path during the call.
            let opened = unsafe open(name.systemName, O_WRONLY | O_CLOEXEC | O_CREAT | O_EXCL, mode)
            if opened >= 0, !exists || Self.take(mode, and: status, opened) {
                temporaryPath = name
                descriptor = opened
                return
            }
            let cause = errno
            if opened >= 0 {
                close(opened)
                // SAFETY: unlink(2) reads the NUL-terminated path during the call.
                _ = unsafe unlink(name.systemName)
            } else {
                descriptor = -1
                isOpen = false
                throw SystemFailure(operation: "create", path: path, errno: cause)
            }
        }
        // SAFETY: open(2) reads the NUL-terminated path during the call.
        descriptor = unsafe open(path.systemName, O_WRONLY | O_CLOEXEC | (kind == S_IFREG ? O_TRUNC : 0))
        if descriptor < 0 {
            isOpen = false
            throw SystemFailure(operation: "create", path: path, errno: kind == S_IFDIR ? EISDIR : errno)
        }
    }

    /// Another descriptor of what a name like `/dev/stdout` means: opened anew, a file would be written from its
    /// beginning. `nil`: it is no such name.
    private static func duplicate(namedBy path: String) -> Int32? {
        let number: Int32? =
            switch path {
            case "/dev/stdout": STDOUT_FILENO
            case "/dev/stderr": STDERR_FILENO
            default:
                ["/dev/fd/", "/proc/self/fd/"].first(where: path.hasPrefix).flatMap { Int32(path.dropFirst($0.count)) }
            }
        return number.map { fcntl($0, F_DUPFD_CLOEXEC, 3) }
    }

    /// The name at the end of a chain of symbolic links.
    private static func followed(_ path: String) -> String {
        var path = path
        // As many as the kernel follows (MAXSYMLINKS).
        for _ in 0..<40 {
            guard let end = FileTree.linkTarget(path), !end.isEmpty else { break }
            let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
            path = end.hasPrefix("/") ? end : folder + end
        }
        return path
    }

    /// Gives a new file the mode and owner of the one it replaces.
    private static func take(_ mode: mode_t, and old: stat, _ descriptor: Int32) -> Bool {
        var new = stat()
        // SAFETY: fstat(2) fills `new` during the call.
        guard unsafe fstat(descriptor, &new) == 0 else { return false }
        let isOwned = new.st_uid == old.st_uid && new.st_gid == old.st_gid
        guard isOwned || fchown(descriptor, old.st_uid, old.st_gid) == 0 else { return false }
        return fchmod(descriptor, mode) == 0
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
        if unsafe rename(temporaryPath.systemName, target.systemName) != 0 {
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
