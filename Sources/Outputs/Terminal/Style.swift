import KernelIO

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
        return Style(isEnabled: Terminal.isTerminal(descriptor) && !isRefused)
    }

    public func title(_ text: String) -> String { wrap(text, "1") }
    public func dim(_ text: String) -> String { wrap(text, "2") }
    public func reverse(_ text: String) -> String { wrap(text, "7") }
    public func good(_ text: String) -> String { wrap(text, "32") }
    public func warning(_ text: String) -> String { wrap(text, "33") }
    public func bad(_ text: String) -> String { wrap(text, "1;31") }
    public func accent(_ text: String) -> String { wrap(text, "36") }

    private func wrap(_ text: String, _ code: String) -> String {
        isEnabled && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
