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
