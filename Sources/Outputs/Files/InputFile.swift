import Glibc

/// A file that is read from its start.
struct InputFile: ~Copyable {
    private let path: String
    private let descriptor: Int32

    init(_ path: String) throws(OutputFailure) {
        // SAFETY: `path` is bridged to a NUL-terminated string for the call only.
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw OutputFailure(.open, path, errno: errno) }
        self.path = path
    }

    deinit { close(descriptor) }

    /// Reads until `octets` holds `count` octets or the file ends.
    func read(upTo count: Int, into octets: inout [UInt8]) throws(OutputFailure) {
        while octets.count < count {
            var result = 0
            let wanted = count - octets.count
            octets.append(addingCapacity: wanted) { output in
                // SAFETY: the system writes at most `wanted` octets into memory that has room for as many, and the
                // count is raised by what it wrote.
                unsafe output.withUnsafeMutableBufferPointer { buffer, initialized in
                    guard let base = buffer.baseAddress else { return }
                    result = unsafe Glibc.read(descriptor, base + initialized, wanted)
                    if result > 0 { initialized += result }
                }
            }
            if result == 0 { return }
            if result < 0, errno != EINTR { throw OutputFailure(.read, path, errno: errno) }
        }
    }
}
