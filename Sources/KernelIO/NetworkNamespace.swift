/// A network namespace (network_namespaces(7)).
public enum NetworkNamespace {
    /// The number of the one that this process is in; 0 where the system does not tell.
    public static var current: UInt32 {
        // The link points to `net:[4026531840]`.
        let target = FileTree.linkTarget("/proc/self/ns/net") ?? ""
        return UInt32(target.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0
    }
}
