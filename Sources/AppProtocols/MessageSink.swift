import Events
import Octets

/// Takes what the parsers find, in the order it became complete. One call per message, none per octet.
public protocol MessageSink: AnyObject {
    /// - Parameter message: lent for the call; copy what is to be kept.
    func receive(_ message: borrowing Message)
    func receive(_ transaction: borrowing Transaction)
    /// Octets that no message shows broke a rule, or were skipped to find the next message: for the ledger.
    /// The octets themselves are shown as a raw message.
    func count(_ malformation: Malformation, octets: UInt64)
}
