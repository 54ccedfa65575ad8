import CKernelIO
import Glibc

/// The terminal at standard input, while it gives keys instead of lines. One process at a time uses it; a child of
/// `ChildProcess` may set what its parent restores.
public enum TerminalKeys {
    /// To be called first, before any fork.
    /// - Returns: whether there is a terminal.
    public static func remember() -> Bool { ns_terminal_remember(0) == 1 }
    public static func begin() { ns_terminal_give_keys(0) }
    public static func restore() { ns_terminal_restore(0) }

    /// What was typed; empty at the end. Waits where nothing was.
    public static func read() -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: 256)
        // SAFETY: read(2) writes at most `count` octets during the call.
        let count = unsafe Glibc.read(0, &octets, octets.count)
        return Array(octets.prefix(max(count, 0)))
    }
}
