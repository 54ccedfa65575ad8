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
    /// Which of the connections that are followed the next message is of.
    var connection: Int { get }
}

extension MessageSink {
    public var connection: Int { 0 }

    /// Gives a gap as a message of its own: octets are missing where no other message can tell it.
    func receive(gap octets: UInt64?, _ arrival: Arrival) {
        var message = Message()
        message.reset(.gap, arrival.direction, at: arrival.time)
        message.gapLength = octets
        receive(message)
    }
}
