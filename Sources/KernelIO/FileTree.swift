import Glibc
import Octets

/// The few operations on directories that writers and readers need.
public enum FileTree {
    /// Creates a directory and those above it; one that exists already is fine.
    public static func createDirectories(_ path: String) throws(SystemFailure) {
        if isDirectory(path) { return }
        if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex {
            try createDirectories(String(path[..<slash]))
        }
        // SAFETY: mkdir(2) reads the NUL-terminated path during the call.
        if unsafe mkdir(path.systemName, 0o777) == 0 { return }
        let reason = errno
        // Another process may have created it since; anything else of that name is in the way.
        guard reason != EEXIST || !isDirectory(path) else { return }
        throw SystemFailure(operation: "create directory", path: path, errno: reason == EEXIST ? ENOTDIR : reason)
    }

    /// Creates a directory that must not exist yet.
    public static func createDirectory(_ path: String) throws(SystemFailure) {
        // SAFETY: mkdir(2) reads the NUL-terminated path during the call.
        guard unsafe mkdir(path.systemName, 0o777) == 0 else {
            throw SystemFailure(operation: "create directory", path: path, errno: errno)
        }
    }

    public static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        // SAFETY: stat(2) reads the NUL-terminated path and fills `status` during the call.
        return unsafe stat(path.systemName, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether both name the same regular file.
    public static func isSame(_ path: String, _ other: String) -> Bool {
        var status = stat()
        // SAFETY: stat(2) reads the NUL-terminated path and fills `status` during the call.
        guard unsafe stat(path.systemName, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        return FileIdentity(status) == FileIdentity(of: other)
    }

    /// Whether anything has this name, a dangling link included.
    public static func exists(_ path: String) -> Bool {
        var status = stat()
        // SAFETY: lstat(2) reads the NUL-terminated path and fills `status` during the call.
        return unsafe lstat(path.systemName, &status) == 0
    }

    /// Where a symbolic link points to; `nil` where it cannot be read.
    public static func linkTarget(_ path: String) -> String? {
        var octets = [UInt8](repeating: 0, count: 4_096)
        // SAFETY: readlink(2) reads the NUL-terminated path and writes at most `count` octets during the call.
        let count = unsafe octets.withUnsafeMutableBytes {
            unsafe readlink(path.systemName, $0.baseAddress!, $0.count)
        }
        return count < 0 ? nil : SystemName.text(octets.span.extracting(first: count))
    }

    /// Renames a directory unless the new name is taken: then `false`.
    public static func rename(_ path: String, to newPath: String) throws(SystemFailure) -> Bool {
        if exists(newPath) { return false }
        // SAFETY: rename(2) reads both NUL-terminated paths during the call.
        if unsafe Glibc.rename(path.systemName, newPath.systemName) == 0 { return true }
        // Another process took the name since: rename does not replace a directory that holds anything.
        if errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR { return false }
        throw SystemFailure(operation: "rename", path: newPath, errno: errno)
    }

    /// Waits until a file's octets are on the disk, whoever wrote them.
    public static func syncFile(_ path: String) throws(SystemFailure) { try sync(path, O_RDONLY | O_CLOEXEC) }

    /// Waits until a directory's entries are on the disk.
    public static func syncDirectory(_ path: String) throws(SystemFailure) {
        try sync(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }

    private static func sync(_ path: String, _ flags: Int32) throws(SystemFailure) {
        // SAFETY: open(2) reads the NUL-terminated path during the call.
        let descriptor = unsafe open(path.systemName, flags)
        guard descriptor >= 0 else { throw SystemFailure(operation: "open", path: path, errno: errno) }
        defer { close(descriptor) }
        // Some file systems cannot sync directories and say EINVAL; there is nothing more to do on them.
        guard fsync(descriptor) == 0 || errno == EINVAL && flags & O_DIRECTORY != 0 else {
            throw SystemFailure(operation: "sync", path: path, errno: errno)
        }
    }

    /// The names in a directory, sorted, without `.` and `..`.
    public static func names(in path: String) throws(SystemFailure) -> [String] {
        // SAFETY: opendir(3) reads the NUL-terminated path; the stream is closed once, when this returns.
        guard let directory = unsafe opendir(path.systemName) else {
            throw SystemFailure(operation: "list", path: path, errno: errno)
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        errno = 0
        while let entry = unsafe readdir(directory) {
            // SAFETY: `d_name` is a NUL-terminated string inside the entry, which stays valid until the next readdir.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe SystemName.text($0) }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw SystemFailure(operation: "list", path: path, errno: errno) }
        return names.sorted()
    }

    /// Removes a directory and what is in it, as far as possible: the way back after a failure, and that is the one to
    /// report.
    public static func remove(_ path: String) {
        // SAFETY: unlink(2) and rmdir(2) read the NUL-terminated path during the call.
        guard unsafe unlink(path.systemName) != 0 else { return }
        if let names = try? names(in: path) {
            for name in names { remove(path + "/" + name) }
        }
        _ = unsafe rmdir(path.systemName)
    }
}
