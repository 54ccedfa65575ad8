import KernelIO

/// Which process is whose child, as /proc/PID/stat tells it (proc_pid_stat(5)).
enum ProcessTree {
    private static let statOctetsMax = 4_096

    /// The children of these processes that run now, and theirs; not the processes themselves.
    static func descendants(of pids: [UInt32]) -> [UInt32] {
        let names = (try? FileTree.names(in: "/proc")) ?? []
        var children: [UInt32: [UInt32]] = [:]
        for pid in names.compactMap({ UInt32($0) }) {
            guard let stat = try? InputFile.contents(of: "/proc/\(pid)/stat", atMost: statOctetsMax),
                let parent = parent(in: stat)
            else { continue }
            children[parent, default: []].append(pid)
        }
        return descendants(of: pids, children)
    }

    static func descendants(of pids: [UInt32], _ children: [UInt32: [UInt32]]) -> [UInt32] {
        var known = Set(pids)
        var found: [UInt32] = []
        var waiting = pids
        while let pid = waiting.popLast() {
            for child in children[pid] ?? [] where known.insert(child).inserted {
                found.append(child)
                waiting.append(child)
            }
        }
        return found.sorted()
    }

    /// `4711 (a name) S 4710 …`: a name may hold anything, so what follows its last parenthesis counts.
    static func parent(in stat: [UInt8]) -> UInt32? {
        guard let end = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = stat[(end + 1)...].split(separator: UInt8(ascii: " "))
        return fields.count > 1 ? UInt32(String(decoding: fields[1], as: UTF8.self)) : nil
    }
}
