/// What is taken out of messages before anything is written. Names are compared without regard to ASCII case.
public struct RedactionSettings: Sendable, Equatable {
    /// Header and trailer fields whose values are secret.
    public var headers = Self.defaultHeaders
    /// Query parameters of targets and of URLs in `Location`, `Content-Location` and `Referer`; also parameters of
    /// form-encoded bodies.
    public var query: [String] = []
    /// Members of JSON in bodies, at any depth; also parameters of form-encoded bodies.
    public var json: [String] = []
    public var mode = Mode.remove

    /// What stands in place of a secret.
    public enum Mode: String, CaseIterable, Sendable {
        /// `<redacted>`
        case remove
        /// `sha256:` and 16 hex digits of a digest keyed with the run's salt: the same secret is recognised within a
        /// run, and cannot be guessed by trying.
        case hash
    }

    public static let defaultHeaders = ["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"]

    public init() {}
}
