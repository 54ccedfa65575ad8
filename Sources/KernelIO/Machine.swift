import CKernelIO
import Glibc

/// What the program runs on.
public enum Machine {
    /// Processors this process may use.
    public static var processorCount: Int { Int(ns_processor_count()) }

    /// What tells this process from others that run now.
    public static var processID: Int { Int(getpid()) }

    /// A seed nobody outside can know.
    public static func randomSeed() -> UInt64 { UInt64.random(in: 1 ... .max) }

    /// Octets nobody outside can know.
    public static func randomOctets(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max) }
    }
}

/// A terminal behind a descriptor.
public enum Terminal {
    public static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Columns; `nil` where the descriptor is no terminal.
    public static func columns(_ descriptor: Int32) -> Int? { size(descriptor)?.columns }

    /// Columns and lines as they are now; `nil` where the descriptor is no terminal, or one that does not know.
    public static func size(_ descriptor: Int32) -> (columns: Int, lines: Int)? {
        var size = winsize()
        // SAFETY: TIOCGWINSZ fills `size` during the call.
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    public static func environment(_ name: String) -> String? {
        // SAFETY: getenv(3) gives a NUL-terminated text that is copied at once; nothing in the program sets variables.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}
