/// A control group of version 2: cgroups(7).
public enum ControlGroup {
    /// The kernel's number of the control group whose directory this is.
    /// - Returns: `nil` where the directory is none, or of version 1, whose groups have no such number.
    public static func identifier(of path: String) -> UInt64? {
        // Only groups of version 2 have this file. The file system numbers directories as the kernel does groups.
        FileTree.exists(path + "/cgroup.controllers") ? FileIdentity(of: path)?.inode : nil
    }
}
