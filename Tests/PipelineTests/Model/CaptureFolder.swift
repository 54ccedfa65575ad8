import Glibc
import KernelIO
import TestSupport
import Testing

/// A folder for the captures of one test.
struct CaptureFolder {
    let path: String

    static func with<Result>(_ body: (CaptureFolder) throws -> Result) throws -> Result {
        try Golden.withTemporaryDirectory { try body(CaptureFolder(path: $0)) }
    }

    /// The path of a new file, written long ago: where the system does not tell who writes a file, its age does.
    func file(_ name: String, _ octets: [UInt8]) throws -> String {
        let file = path + "/" + name
        try Golden.write(octets, to: file)
        var times = [timeval](repeating: timeval(tv_sec: 1_000_000_000, tv_usec: 0), count: 2)
        // SAFETY: utimes(2) reads the NUL-terminated path and the two times during the call.
        try #require(unsafe utimes(file, &times) == 0)
        return file
    }

    /// Runs `body` with the path of a pipe, into which a thread writes the pieces; `pause` comes before all but the
    /// first.
    func withPipe<Result>(
        _ pieces: [[UInt8]], pause microseconds: UInt32 = 0, _ body: (String) throws -> Result
    ) throws -> Result {
        let pipe = path + "/pipe"
        // SAFETY: mkfifo(3) reads the NUL-terminated path during the call.
        try #require(unsafe mkfifo(pipe, 0o600) == 0)
        let writer = try WorkerThread(name: "pipe") {
            guard let file = try? OutputFile(path: pipe) else { return }
            for (index, piece) in pieces.enumerated() {
                if index > 0, microseconds > 0 { usleep(microseconds) }
                try? file.write(piece.span)
            }
        }
        defer {
            writer.join()
            // SAFETY: unlink(2) reads the NUL-terminated path during the call.
            _ = unsafe unlink(pipe)
        }
        return try body(pipe)
    }
}

extension [UInt8] {
    /// The same octets in pieces of a length.
    func pieces(of count: Int) -> [[UInt8]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}
