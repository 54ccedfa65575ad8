import CKernelIO
import Glibc
import Octets

/// A failed system call: which, on what, and why.
public struct SystemFailure: Error, Equatable, Sendable {
    public var operation: String
    public var path: String
    public var errno: Int32
    /// What a library says of it, where that is more than `errno` does.
    public var detail: String?

    public init(operation: String, path: String, errno: Int32, detail: String? = nil) {
        self.operation = operation
        self.path = path
        self.errno = errno
        self.detail = detail
    }
}

extension SystemFailure: CustomStringConvertible {
    public var description: String {
        if let detail { return "cannot \(operation) \(SystemName.shown(path)): \(detail)" }
        // SAFETY: strerror_r(3) writes a NUL-terminated text of at most `buffer.count` octets into `buffer`.
        let reason = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            unsafe buffer[0] = 0
            unsafe strerror_r(errno, buffer.baseAddress!, buffer.count)
            return unsafe String(cString: buffer.baseAddress!)
        }
        return "cannot \(operation) \(SystemName.shown(path)): \(reason)"
    }
}

/// A file, pipe or terminal opened for reading. Closed when it goes.
public struct InputFile: ~Copyable, Sendable {
    public let path: String
    private let descriptor: Int32
    private let owned: Bool

    /// Opens a file; `-` is standard input. A pipe without a writer is open at once, and waited for when it is read.
    public init(path: String) throws(SystemFailure) {
        self.path = path == "-" ? "standard input" : path
        if path == "-" {
            descriptor = STDIN_FILENO
            owned = false
        } else {
            // SAFETY: open(2) reads the NUL-terminated path only during the call.
            descriptor = unsafe open(path.systemName, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            owned = true
        }
        if descriptor < 0 { throw SystemFailure(operation: "open", path: path, errno: errno) }
        var status = stat()
        // SAFETY: fstat(2) fills `status` during the call.
        let code = unsafe fstat(descriptor, &status)
        let failure =
            code != 0
            ? SystemFailure(operation: "stat", path: path, errno: errno)
            : status.st_mode & S_IFMT == S_IFDIR
                ? SystemFailure(operation: "read", path: path, errno: EISDIR) : nil
        if let failure {
            // `deinit` does not run for a value that was never whole.
            if owned { close(descriptor) }
            throw failure
        }
        size = status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : nil
        if size != nil { posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL) }
    }

    /// The size of a regular file when it was opened; `nil` for pipes, terminals and devices.
    public let size: Int64?

    /// All octets of a small file.
    ///
    /// - Throws: also where it holds more than `limit` octets (EFBIG).
    public static func contents(of path: String, atMost limit: Int) throws(SystemFailure) -> [UInt8] {
        let file = try InputFile(path: path)
        var contents = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count <= limit {
            var span = contents.mutableSpan
            let read = try file.read(into: &span, count..<limit + 1)
            if read == 0 { return Array(contents[..<count]) }
            count += read
        }
        throw SystemFailure(operation: "read", path: file.path, errno: EFBIG)
    }

    /// The size of a regular file; `nil` for anything else, or nothing.
    public static func size(of path: String) -> Int64? {
        var status = stat()
        // SAFETY: stat(2) reads the path and fills `status` during the call.
        guard path != "-", unsafe stat(path.systemName, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        return Int64(status.st_size)
    }

    deinit { if owned { close(descriptor) } }

    /// As `read`, from an offset of a regular file; the file's own position stays.
    public func read(
        into buffer: inout MutableSpan<UInt8>, _ range: Range<Int>, at offset: Int64
    ) throws(SystemFailure) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= buffer.count, "read outside the buffer")
        while true {
            let descriptor = self.descriptor
            // SAFETY: the range lies in the buffer (checked above); pread(2) writes at most that many octets.
            let count = unsafe buffer.withUnsafeMutableBufferPointer { pointer in
                unsafe pread(descriptor, pointer.baseAddress! + range.lowerBound, range.count, off_t(offset))
            }
            if count >= 0 { return count }
            if errno != EINTR { throw SystemFailure(operation: "read", path: path, errno: errno) }
        }
    }

    /// Waits until there are octets to read, or the end, or a failure. For regular files that is now.
    ///
    /// - Parameters:
    ///   - wakeUp: ends the wait, too.
    ///   - nanoseconds: how long to wait at most; `nil` for as long as it takes.
    /// - Returns: whether there is something to read. `false` can mean nothing at all: look, and wait again.
    public func waitUntilReadable(orUntil wakeUp: WakeUp? = nil, nanoseconds: Int64? = nil) -> Bool {
        if size != nil { return true }
        let milliseconds = nanoseconds.map { Int32(clamping: (max($0, 0) + 999_999) / 1_000_000) }
        // Descriptors below 0 are passed over.
        var requests = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeUp?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        // SAFETY: poll(2) reads and writes the two elements of the array during the call.
        return unsafe poll(&requests, 2, milliseconds ?? -1) > 0 && requests[0].revents != 0
    }

    /// Whether octets or the end can be read without waiting.
    public var isReadable: Bool { waitUntilReadable(nanoseconds: 0) }

    /// Whether the file is being written just now, so that its end is not where it will be. Regular files only.
    ///
    /// That is so while any process has it open for writing. Where the system does not tell (files of other users, and
    /// on other machines), if it grew since it was opened, or was changed in the last five seconds.
    public var isBeingWritten: Bool {
        guard let size else { return false }
        let answer = ns_is_open_for_writing(descriptor)
        if answer >= 0 { return answer == 1 }
        var status = stat()
        // SAFETY: fstat(2) fills `status` during the call.
        guard unsafe fstat(descriptor, &status) == 0 else { return false }
        let changed = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        return Int64(status.st_size) > size || Clock.wallNanoseconds - changed < Self.quietNanoseconds
    }

    private static let quietNanoseconds: Int64 = 5_000_000_000

    /// Reads what is there, at most `range.count` octets, into `buffer`; 0 at the end of the file. Waits until there is
    /// something.
    public func read(into buffer: inout MutableSpan<UInt8>, _ range: Range<Int>) throws(SystemFailure) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= buffer.count, "read outside the buffer")
        while true {
            // Also because a pipe that had no writer yet would be read as ended.
            while !waitUntilReadable() {}
            let descriptor = self.descriptor
            // SAFETY: the range lies in the buffer (checked above); read(2) writes at most that many octets.
            let count = unsafe buffer.withUnsafeMutableBufferPointer { pointer in
                unsafe Glibc.read(descriptor, pointer.baseAddress! + range.lowerBound, range.count)
            }
            if count >= 0 { return count }
            if errno != EINTR, errno != EAGAIN { throw SystemFailure(operation: "read", path: path, errno: errno) }
        }
    }
}
