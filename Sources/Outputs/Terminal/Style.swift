import Glibc

/// How text stands out on a terminal; plain text elsewhere.
public struct Style: Equatable, Sendable {
    public var isEnabled: Bool

    public init(isEnabled: Bool) { self.isEnabled = isEnabled }

    public static let plain = Style(isEnabled: false)
    public static let coloured = Style(isEnabled: true)

    /// Colours if the descriptor is a terminal that has them and `NO_COLOR` (https://no-color.org) is unset or empty.
    ///
    /// - Parameter environment: looks a variable up.
    public static func detect(descriptor: Int32, environment: (String) -> String?) -> Style {
        let isRefused = !(environment("NO_COLOR") ?? "").isEmpty || environment("TERM") == "dumb"
        return Style(isEnabled: isatty(descriptor) == 1 && !isRefused)
    }

    public func title(_ text: String) -> String { wrap(text, "1") }
    public func dim(_ text: String) -> String { wrap(text, "2") }
    public func good(_ text: String) -> String { wrap(text, "32") }
    public func warning(_ text: String) -> String { wrap(text, "33") }
    public func bad(_ text: String) -> String { wrap(text, "1;31") }
    public func accent(_ text: String) -> String { wrap(text, "36") }

    private func wrap(_ text: String, _ code: String) -> String {
        isEnabled && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

/// How wide a terminal is.
public enum TerminalSize {
    /// Columns of the terminal behind a descriptor; `nil` if it is none.
    public static func columns(of descriptor: Int32) -> Int? {
        var size = winsize()
        // SAFETY: TIOCGWINSZ writes one winsize.
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
