import Events

/// Takes the streams of a capture's connections.
///
/// Of a connection it hears `opened` once, then data and gaps of both directions, each in the order of the sequence
/// numbers, then `ended` once. Connections on which no data was seen are never announced, so a scan of a million ports
/// costs the sink nothing.
///
/// What an end says comes behind what it had received by then, as far as its acknowledgments tell: an answer behind its
/// question, also where the capture has them the other way round, and behind the gap where it has no question. Times
/// are those of the packets that made the call possible. Octets behind a gap have those at which they came, so these
/// may lie before what the other direction gave while they waited.
public protocol StreamSink: ~Copyable {
    /// The first data or gap of a connection is about to come.
    mutating func opened(_ connection: StreamConnection)
    /// The next octets of a direction; at least one.
    ///
    /// - Parameter octets: lent for the call; they lie in the frame wherever it came in order.
    mutating func data(_ octets: Span<UInt8>, _ direction: Direction, of stream: StreamID, at time: Int64)
    /// Octets that will never come, in their place.
    mutating func gap(_ gap: StreamGap, _ direction: Direction, of stream: StreamID, at time: Int64)
    /// The end that speaks in `direction` closed it (FIN); all before was delivered or marked as a gap.
    mutating func closed(_ direction: Direction, of stream: StreamID, at time: Int64)
    /// The end that speaks in `direction` reset the connection. What still comes in order is delivered, since a reset
    /// may be forged; `ended` follows when the connection stays silent.
    mutating func reset(by direction: Direction, of stream: StreamID, at time: Int64)
    mutating func ended(_ end: StreamEnd, of stream: StreamID, at time: Int64)
}
