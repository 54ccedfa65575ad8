import Glibc

/// Files under Tests/Golden that outputs are compared with, octet for octet. `UPDATE_GOLDEN=1` writes them anew; the
/// change is reviewed as code.
public enum Golden {
    /// A directory that is removed at the end.
    public static func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
        var template = Array("/tmp/netspectra-test-XXXXXX".utf8CString)
        // SAFETY: mkdtemp replaces the X in a NUL-terminated array of our own and returns a pointer to it.
        guard unsafe mkdtemp(&template) != nil else { throw GoldenFailure(path: "/tmp", errno: errno) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { removeTree(path) }
        return try body(path)
    }

    /// What a golden file holds; where `UPDATE_GOLDEN=1` is set, it is written first.
    ///
    /// - Parameter path: below Tests/Golden.
    public static func expectation(_ path: String, current: [UInt8], file: String = #filePath) throws -> [UInt8] {
        let root = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
        let path = "\(root)/Golden/\(path)"
        if environment("UPDATE_GOLDEN") == "1" {
            let directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
                separator: "/")
            _ = unsafe mkdir(directory, 0o777)
            try write(current, to: path)
        }
        return try read(path)
    }

    public static func environment(_ name: String) -> String? {
        // SAFETY: the value is copied before anything can change the environment.
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    public static func read(_ path: String) throws -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY)
        guard descriptor >= 0 else { throw GoldenFailure(path: path, errno: errno) }
        defer { close(descriptor) }
        var octets: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            // SAFETY: the system writes at most as many octets as the array has.
            let count = unsafe Glibc.read(descriptor, &piece, piece.count)
            guard count > 0 else { return octets }
            octets += piece[0..<count]
        }
    }

    public static func write(_ octets: [UInt8], to path: String) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
        guard descriptor >= 0, unsafe Glibc.write(descriptor, octets, octets.count) == octets.count else {
            throw GoldenFailure(path: path, errno: errno)
        }
        close(descriptor)
    }

    private static func removeTree(_ path: String) {
        // Never through a symbolic link: what it leads to is somebody else's.
        if unsafe unlink(path) == 0 { return }
        guard let directory = unsafe opendir(path) else { return }
        while let entry = unsafe readdir(directory) {
            // SAFETY: `d_name` is a NUL-terminated string inside the entry.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { removeTree(path + "/" + name) }
        }
        _ = unsafe closedir(directory)
        _ = unsafe rmdir(path)
    }
}

/// A file of a test that could not be read or written.
public struct GoldenFailure: Error {
    public var path: String
    public var errno: Int32
}
