import Glibc

/// Which file it is, whatever the path: links and mount points give the same one.
public struct FileIdentity: Hashable, Sendable {
    public let device: UInt64
    public let inode: UInt64

    /// - Returns: `nil` where nothing can be reached at the path.
    public init?(of path: String) {
        var status = stat()
        // SAFETY: stat(2) reads the NUL-terminated path and fills `status` during the call.
        guard unsafe stat(path.systemName, &status) == 0 else { return nil }
        self.init(status)
    }

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}
