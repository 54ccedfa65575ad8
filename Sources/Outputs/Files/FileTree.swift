import Glibc

/// The few operations on directories that writers and readers need; each error names the operation and the path.
enum FileTree {
    /// Creates a directory and those above it; one that exists already is fine.
    static func createDirectories(_ path: String) throws(OutputFailure) {
        if isDirectory(path) { return }
        if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex {
            try createDirectories(String(path[..<slash]))
        }
        // SAFETY: `path` is bridged to a NUL-terminated string for the call only; so in all calls below.
        if unsafe mkdir(path, 0o777) == 0 { return }
        let reason = errno
        // Another process may have created it since; anything else of that name is in the way.
        guard reason != EEXIST || !isDirectory(path) else { return }
        throw OutputFailure(.createDirectory, path, errno: reason == EEXIST ? ENOTDIR : reason)
    }

    /// Creates a directory that must not exist yet.
    static func createDirectory(_ path: String) throws(OutputFailure) {
        guard unsafe mkdir(path, 0o777) == 0 else { throw OutputFailure(.createDirectory, path, errno: errno) }
    }

    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether anything has this name, a dangling link included.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// Renames a directory unless the new name is taken: then `false`.
    static func rename(_ path: String, to newPath: String) throws(OutputFailure) -> Bool {
        if exists(newPath) { return false }
        if unsafe Glibc.rename(path, newPath) == 0 { return true }
        // Another process took the name since: rename does not replace a directory that holds anything.
        if errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR { return false }
        throw OutputFailure(.rename, newPath, errno: errno)
    }

    /// Waits until a directory's entries are on the disk.
    static func syncDirectory(_ path: String) throws(OutputFailure) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw OutputFailure(.open, path, errno: errno) }
        defer { close(descriptor) }
        // Some file systems cannot sync directories and say EINVAL; there is nothing more to do on them.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw OutputFailure(.sync, path, errno: errno) }
    }

    /// The names in a directory, sorted, without `.` and `..`.
    static func names(in path: String) throws(OutputFailure) -> [String] {
        guard let directory = unsafe opendir(path) else { throw OutputFailure(.list, path, errno: errno) }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        errno = 0
        while let entry = unsafe readdir(directory) {
            // SAFETY: `d_name` is a NUL-terminated string inside the entry, which stays valid until the next readdir.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw OutputFailure(.list, path, errno: errno) }
        return names.sorted()
    }

    /// Removes a directory and what is in it, as far as possible: the way back after a failure, which is the one to report.
    static func remove(_ path: String) {
        guard unsafe unlink(path) != 0 else { return }
        if let names = try? names(in: path) {
            for name in names { remove(path + "/" + name) }
        }
        _ = unsafe rmdir(path)
    }
}
