import Glibc
import KernelIO

/// Says to other processes that this one writes into a file: flock(2), which goes with the process however it ends, and
/// which SQLite's own locks (fcntl(2)) do not see.
final class WriterLock: Sendable {
    private let descriptor: Int32
    /// Nobody else writes: what is incomplete was left behind.
    let isAlone: Bool

    /// - Throws: where the file cannot be opened or created.
    init(path: String) throws(SystemFailure) {
        // SAFETY: open(2) reads the NUL-terminated path during the call.
        descriptor = unsafe open(path.systemName, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            isAlone = false
            throw SystemFailure(operation: "create", path: path, errno: errno)
        }
        isAlone = flock(descriptor, LOCK_EX | LOCK_NB) == 0
        // Somebody else has it shared, or for a moment alone.
        if !isAlone { flock(descriptor, LOCK_SH) }
    }

    /// Lets others write, too.
    func share() { if isAlone { flock(descriptor, LOCK_SH) } }

    // Behind SQLite: closing any descriptor of a file drops the process's fcntl locks on it.
    deinit { if descriptor >= 0 { close(descriptor) } }
}
