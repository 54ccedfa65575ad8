/// A content coding of HTTP (RFC 9110 § 8.4.1), and what else compresses a body here.
public enum ContentCoding: UInt8, Sendable, CaseIterable {
    case gzip
    /// zlib's format, or bare DEFLATE as many servers send it.
    case deflate
    /// Brotli (RFC 7932).
    case br
    /// RFC 8878.
    case zstd
    /// Bare DEFLATE in messages that end with a flush (permessage-deflate, RFC 7692). One decoder takes all messages of
    /// a direction, as each may refer back to those before; `BodyDecoder.endMessage` ends each.
    case permessageDeflate
}
