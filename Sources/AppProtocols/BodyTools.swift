/// What parsers need of the machine half: decompressors and a digest, behind types of this half so that a fuzzer or a
/// test can do without the libraries.
public protocol BodyTools {
    /// - Returns: `nil` where the coding is not supported here.
    func makeDecoder(_ coding: ContentCoding) -> (any BodyDecoder)?
    func makeDigest() -> any BodyDigest
}

/// Takes one coding off a body, piece by piece, in bounded memory.
public protocol BodyDecoder: AnyObject {
    /// Decodes from the front of `input`, appending to `output` until it is full or `input` is used up.
    /// - Returns: the octets of `input` taken. It always takes some or appends some, except on empty input.
    /// - Throws: when the body is no such coding. What was appended before stays good.
    ///
    /// Call it again, with no input where there is none left, for as long as it fills `output`: what it holds back is
    /// then known to be nothing.
    func decode(_ input: Span<UInt8>, into output: inout OutputSpan<UInt8>) throws(BodyDecodingFailure) -> Int
    /// The body may end here: the coding's own end mark was reached. What follows and is no further part of the same
    /// coding (gzip's members, zstd's frames) is taken and ignored. Of permessage-deflate: no message is open.
    var hasEnded: Bool { get }
    /// One of several messages in one coded stream (permessage-deflate) ends here: adds the 00 00 FF FF that the sender
    /// left out (RFC 7692 § 7.2.2), and the next `decode` begins the next message, which may refer back to this one.
    /// For all other codings it does nothing.
    /// - Throws: when no message can end here. The decoder is then of no more use.
    func endMessage() throws(BodyDecodingFailure)
}

extension BodyDecoder {
    public func endMessage() throws(BodyDecodingFailure) {}
}

public enum BodyDecodingFailure: Error, Sendable { case corrupt, outOfMemory }

/// A SHA-256 computed piece by piece.
public protocol BodyDigest: AnyObject {
    func update(_ octets: Span<UInt8>)
    /// The 32 octets over everything given so far.
    func finish() -> [UInt8]
}

/// No decoder, no digest: bodies are shown as they are on the wire.
public struct NoBodyTools: BodyTools {
    public init() {}
    public func makeDecoder(_ coding: ContentCoding) -> (any BodyDecoder)? { nil }
    public func makeDigest() -> any BodyDigest { NoDigest() }

    private final class NoDigest: BodyDigest {
        func update(_ octets: Span<UInt8>) {}
        func finish() -> [UInt8] { [] }
    }
}
