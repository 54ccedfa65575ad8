import Glibc

/// What could not be written or read, and what the system said.
public struct OutputFailure: Error, Equatable, Sendable {
    public enum Operation: String, Sendable {
        case createDirectory = "create directory"
        case create
        case write
        case sync
        case rename
        case remove
        case open
        case read
        case list
        /// The task's name is longer than a file can hold (`IPFIXEncoder.nameOctetsMax`); the errno is ENAMETOOLONG.
        case nameTask = "write task"
    }

    public var operation: Operation
    public var path: String
    public var errno: Int32

    public init(_ operation: Operation, _ path: String, errno: Int32) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }

    /// The reader of the pipe or socket is gone: for a program that prints to `head`, no failure to speak of.
    public var isBrokenPipe: Bool { errno == EPIPE }
}

extension OutputFailure: CustomStringConvertible {
    public var description: String {
        // SAFETY: strerror returns a NUL-terminated string that stays valid until the thread's next call of it.
        let reason = unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)"
        return "cannot \(operation.rawValue) \(path): \(reason)"
    }
}
