import KernelIO

/// A call of libbpf that failed.
struct BPFFailure: Error {
    /// Such as `load` or `attach`.
    let operation: String
    let name: String
    let errno: Int32
    /// What the library and the kernel's verifier said: the last lines.
    var log: [String] = []

    /// Refused for want of privilege.
    var isPermission: Bool { errno == 1 || errno == 13 }  // EPERM, EACCES
    /// What was asked for does not exist.
    var isMissing: Bool { errno == 2 }  // ENOENT

    var message: String {
        let system = SystemFailure(operation: operation, path: name, errno: errno)
        return log.isEmpty ? "\(system)" : "\(system); \(log.suffix(3).joined(separator: "; "))"
    }
}
