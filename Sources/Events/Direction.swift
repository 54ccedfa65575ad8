/// Which way data goes, seen from the program that was observed; of a capture, from the end that opened the connection.
///
/// The raw values are the data types of recorded events.
@frozen public enum Direction: UInt8, Sendable, Hashable, CaseIterable {
    /// Read: the peer said it.
    case received = 0
    /// Written: the program said it.
    case sent = 1

    public var opposite: Direction { self == .received ? .sent : .received }
}
