import Octets

/// What a process has mapped to execute, as /proc/PID/maps tells it (proc_pid_maps(5)).
public enum ProcessMaps {
    /// The files mapped for execution, each once, in order. Those that were deleted since are left out: there is
    /// nothing to open any more.
    public static func executables(in text: [UInt8]) -> [String] {
        mappings(in: text).filter { !$0.isDeleted }.map(\.path)
    }

    /// A file mapped for execution.
    public struct Mapping: Hashable, Sendable {
        public var path: String
        /// Removed or replaced since: the process goes on with what was there before.
        public var isDeleted: Bool
    }

    /// The files mapped for execution, each once, in order, deleted ones too.
    public static func mappings(in text: [UInt8]) -> [Mapping] {
        var found: [Mapping] = []
        var seen: Set<[UInt8]> = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            // 7f0c1000-7f0c2000 r-xp 00001000 fe:00 1234    /usr/lib/libssl.so.3
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            guard fields.count == 6, fields[1].count == 4, fields[1].dropFirst(2).first == UInt8(ascii: "x") else {
                continue
            }
            let path = Array(fields[5].drop { $0 == UInt8(ascii: " ") })
            guard path.first == UInt8(ascii: "/"), seen.insert(path).inserted else { continue }
            let isDeleted = path.suffix(deleted.count) == deleted[...]
            let name = isDeleted ? path.dropLast(deleted.count) : path[...]
            found.append(Mapping(path: String(decoding: name, as: UTF8.self), isDeleted: isDeleted))
        }
        return found
    }

    private static let deleted = Array(" (deleted)".utf8)
}
