import Octets

/// What a process has mapped to execute, as /proc/PID/maps tells it (proc_pid_maps(5)).
public enum ProcessMaps {
    /// A file mapped for execution.
    public struct Mapping: Hashable, Sendable {
        public var path: String
        /// Removed or replaced since: the process goes on with what was there before.
        public var isDeleted: Bool
        /// Of the first such mapping, as /proc/PID/map_files names it.
        public var addresses: String

        /// As `path`, and marked as the system does where it leads to another file by now, or to none.
        public var shownPath: String { isDeleted ? path + ProcessMaps.deletedMark : path }

        /// Where the file is to be opened. What was removed is only there as a mapping, which needs CAP_SYS_ADMIN or
        /// CAP_CHECKPOINT_RESTORE (proc_pid_map_files(5)).
        public func location(in pid: UInt32) -> String {
            isDeleted ? "/proc/\(pid)/map_files/\(addresses)" : LibraryFinder.root(of: pid) + path
        }
    }

    /// The files mapped for execution, each once, in order.
    public static func executables(in text: [UInt8]) -> [Mapping] {
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
            // Addresses are padded with zeros in one place and not in the other.
            let ends = fields[0].split(separator: UInt8(ascii: "-")).map { $0.drop { $0 == UInt8(ascii: "0") } }
            found.append(
                Mapping(
                    path: String(decoding: name, as: UTF8.self), isDeleted: isDeleted,
                    addresses: ends.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "-")))
        }
        return found
    }

    static let deletedMark = " (deleted)"
    private static let deleted = Array(deletedMark.utf8)
}
