/// How octets break a protocol's rules: a cause of its own in the ledger. Parsers add theirs.
public enum Malformation: UInt8, Sendable, CaseIterable {
    // HTTP/1 (RFC 9112)
    case startLine
    case headerField
    case headTooLarge
    case contentLength
    case transferCoding
    case chunkSize
    case chunkEnd
    /// A line ends with a bare LF, or holds a CR without LF.
    case lineEnd
    /// The body's length is said in ways that contradict each other: two different lengths, or a length and chunks.
    case conflictingLength
    /// Octets behind a gap, skipped to find the next message.
    case unsynchronised
    // HTTP/2 (RFC 9113, RFC 7541)
    case frameSize
    case framePadding
    case frameStream
    case frameOrder
    case frameContent
    case headerBlock
    case headerListTooLarge
    // WebSocket (RFC 6455)
    case webSocketFrame
    // gRPC over HTTP/2
    case grpcPrefix
    // Content codings
    case coding
}
