/// A control group of version 2: cgroups(7).
public enum ControlGroup {
    /// The kernel's number of the control group whose directory this is.
    /// - Returns: `nil` where the directory is none, or of version 1, whose groups have no such number.
    public static func identifier(of path: String) -> UInt64? {
        // Only groups of version 2 have this file. The file system numbers directories as the kernel does groups.
        FileTree.exists(path + "/cgroup.controllers") ? FileIdentity(of: path)?.inode : nil
    }

    /// Where the groups are mounted, if they are: all that this process can see.
    public static let root: String? = {
        guard let mounts = try? InputFile.contents(of: "/proc/self/mounts", atMost: 1 << 20) else { return nil }
        for line in mounts.split(separator: UInt8(ascii: "\n")) {
            // cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0
            let fields = line.split(separator: UInt8(ascii: " "))
            if fields.count > 2, fields[2].elementsEqual("cgroup2".utf8) {
                return String(decoding: fields[1], as: UTF8.self)
            }
        }
        return nil
    }()
}
