import AppProtocols
import Events
import Octets
import TLS

/// Turns messages into records, in whatever form the user wants. Each shard has one of its own.
public protocol MessageRenderer: AnyObject {
    /// Appends one record; nothing where the message is not wanted.
    func append(_ message: borrowing Message, of base: BaseInfo, to output: inout OctetBuffer)
    func append(_ transaction: borrowing Transaction, of base: BaseInfo, to output: inout OctetBuffer)
    /// Appends what is public of a TLS connection that has ended.
    func append(_ summary: TLSSummary, of base: BaseInfo, to output: inout OctetBuffer)
    /// Appends a record that came as text: a shell's line, a query.
    func append(text: Span<UInt8>, of base: BaseInfo, to output: inout OctetBuffer)
}

extension MessageRenderer {
    /// Nothing: who shows messages alone need not show it.
    public func append(_ summary: TLSSummary, of base: BaseInfo, to output: inout OctetBuffer) {}
}
