/// What compresses the body of a message.
public enum BodyCoding: UInt8, Sendable, Hashable, CaseIterable {
    /// RFC 1952.
    case gzip
    /// zlib's format (RFC 1950), or bare DEFLATE (RFC 1951) as many servers send it.
    case deflate
    /// RFC 7932.
    case brotli
    /// RFC 8878, with a window of at most 8 MiB as RFC 9659 has it for HTTP.
    case zstd
    /// permessage-deflate of WebSocket (RFC 7692): one stream for all messages of a direction.
    case messageDeflate
}
