import KernelIO

/// How wide a terminal is.
public enum TerminalSize {
    /// Columns of the terminal behind a descriptor; `nil` if it is none.
    public static func columns(of descriptor: Int32) -> Int? { Terminal.columns(descriptor) }
}
