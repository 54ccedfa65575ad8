import CKernelIO
import Glibc
import Octets

extension Sandbox {
    /// Confines this process, for good, to what it still needs once its sockets are open and before it writes files:
    /// few or no capabilities, no program that could give some; and, with Landlock (Linux 5.19), nothing is changed
    /// outside of the directories that it writes into, and no program is run. Root without capabilities still owns the
    /// system's files: it is Landlock that keeps him from them.
    ///
    /// - Parameters:
    ///   - kept: capabilities that are needed later, of those that the process has.
    ///   - paths: files and directories that will be written, which need not exist. Where the owner of one keeps this
    ///     user out, CAP_DAC_OVERRIDE is kept, if it is there.
    ///   - runsPrograms: other programs will be run. They inherit Landlock, so there is none: they may write where they
    ///     like, without capabilities.
    /// - Throws: where privileges cannot be given up, or the kernel has Landlock and refuses.
    public static func enter(
        keeping kept: Set<Capability>, writing paths: [String], runsPrograms: Bool
    ) throws(SystemFailure) {
        // As long as all of it can be seen.
        let places = paths.map(resolved)
        let directories = places.map(directory)
        let targets = places.filter(FileTree.exists) + directories
        try drop(keeping: kept, sparing: [.dacOverride])
        // SAFETY: the function reads the NUL-terminated path during the call.
        let areOpen = targets.allSatisfy { unsafe ns_is_writable($0.systemName) == 1 }
        try drop(keeping: areOpen ? kept : kept.union([.dacOverride]), sparing: [])
        if runsPrograms { return }
        // SAFETY: the list ends with a null pointer and lives until the call returns.
        let code = unsafe ProgramRun.withTexts(directories) { unsafe ns_landlock_writing($0) }
        guard code == 0 || code == ENOSYS else {
            throw SystemFailure(operation: "confine", path: Layer.landlock.name, errno: code)
        }
    }

    private static func drop(keeping kept: Set<Capability>, sparing spare: Set<Capability>) throws(SystemFailure) {
        func bits(_ set: Set<Capability>) -> UInt64 { set.reduce(0) { $0 | 1 << UInt64($1.rawValue) } }
        let code = ns_drop_privileges(bits(kept), bits(spare))
        guard code == 0 else {
            throw SystemFailure(operation: "give up", path: "capabilities", errno: code)
        }
    }

    /// Where a path leads to, links followed; the path itself where that is not there yet.
    private static func resolved(_ path: String) -> String {
        // SAFETY: realpath(3) reads the NUL-terminated path and gives a text of its own, which is freed once.
        guard let text = unsafe realpath(path.systemName, nil) else { return path }
        defer { unsafe free(text) }
        return unsafe SystemName.text(text)
    }

    /// The path if it is a directory, else the nearest one above it.
    private static func directory(_ path: String) -> String {
        var path = path[...]
        while !FileTree.isDirectory(String(path)) {
            guard let slash = path.lastIndex(of: "/") else { return "." }
            path = slash == path.startIndex ? "/" : path[..<slash]
        }
        return String(path)
    }
}
