import CKernelIO

/// Runs a program of the kernel where functions of a file begin, or where they return (Linux 6.6).
public enum FunctionLink {
    /// - Parameters:
    ///   - program: the descriptor of a program of the kind for many functions.
    ///   - offsets: in the file.
    ///   - pid: 0: in all processes.
    /// - Returns: a descriptor, with which the link ends, or a negative error number.
    public static func make(
        program: Int32, path: String, offsets: [UInt64], atReturn: Bool, pid: UInt32
    ) -> Int32 {
        // SAFETY: the kernel reads path and offsets, as many as are told, during the call.
        unsafe ns_link_uprobes(program, path, offsets, UInt32(offsets.count), atReturn ? 1 : 0, pid)
    }
}
