import Events

/// Takes what a connection says inside TLS.
public protocol TLSSink: ~Copyable {
    /// The next octets of a direction's application data; at least one. Lent for the call.
    mutating func plaintext(_ octets: Span<UInt8>, _ direction: Direction)
    /// Application data that could not be decrypted, or is missing: how many octets, if known.
    mutating func missing(_ octets: Int?, _ direction: Direction)
    /// A direction was closed in order (close_notify, RFC 8446 § 6.1).
    mutating func closed(_ direction: Direction)
    /// What was taken for TLS is none: octets as they are.
    mutating func unwrapped(_ octets: Span<UInt8>, _ direction: Direction)
}
