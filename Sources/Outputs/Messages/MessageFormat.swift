import AppProtocols
import Events
import Octets
import TLS

/// Turns messages and transactions into octets: one record appended per call, to a buffer that the caller writes out
/// and uses again. Nothing is allocated per record once the buffer has grown.
public protocol MessageFormat: Sendable {
    /// - Parameter info: what is known of the program and the connection behind the message.
    func append(_ message: borrowing Message, _ info: BaseInfo, to buffer: inout OctetBuffer)
    func append(_ transaction: borrowing Transaction, _ info: BaseInfo, to buffer: inout OctetBuffer)
    /// Appends what is public of a TLS connection that has ended.
    func append(_ summary: TLSSummary, _ info: BaseInfo, to buffer: inout OctetBuffer)
    /// Appends a record that came as text: a shell's line, a query.
    func append(text: Span<UInt8>, _ info: BaseInfo, to buffer: inout OctetBuffer)
}

extension MessageFormat {
    /// Nothing: not every form has a place for it.
    public func append(_ summary: TLSSummary, _ info: BaseInfo, to buffer: inout OctetBuffer) {}

    /// The text as it is: it was made for people, and its control characters are escaped.
    public func append(text: Span<UInt8>, _ info: BaseInfo, to buffer: inout OctetBuffer) {
        buffer.append(contentsOf: text)
    }
}
