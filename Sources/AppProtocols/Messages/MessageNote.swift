/// What is to be known of a message besides its contents: why it is incomplete, what was left out, what was odd.
///
/// Add cases as parsers need them; the description is what people read, `code` what programs match.
public enum MessageNote: Sendable, Equatable {
    /// The connection ended before the message did.
    case endNotSeen
    /// Shown as far as it came, since the line fell silent: what follows is a continuation. So many octets of the body
    /// so far, of so many if that was said.
    case soFar(seen: UInt64, announced: UInt64?)
    /// Shown before its end since the memory for unfinished messages was used up (`--max-buffered`).
    case memoryLimited
    /// The body's end was not seen: so many of so many octets.
    case bodyShort(seen: UInt64, announced: UInt64)
    /// Octets are missing inside the message (lost in capture); `nil`: nobody knows how many.
    case gap(octets: UInt64?)
    /// The message began before the capture did.
    case beginningNotSeen
    /// The body is larger than the limit: so many octets are shown.
    case bodyLimited(shown: UInt64)
    /// The octets as captured are more than the limit: so many are shown.
    case wireLimited(shown: UInt64)
    /// Decoding ended at the limit for decoded octets (a decompression bomb, or a large download).
    case decodingLimited(octets: UInt64)
    /// The body could not be decoded from some point on: what follows is left out.
    case undecodable(ContentCoding, afterOctets: UInt64)
    /// The coded body ends before its end mark.
    case codingTruncated(ContentCoding)
    /// A content coding nobody here knows: the body is shown as it was on the wire.
    case unknownCoding
    /// More content codings than are taken off: the body is shown as it was on the wire.
    case codingsLimited(max: Int)
    /// The head has more fields than the limit: further ones are missing.
    case fieldsLimited(max: Int)
    /// The head is larger than the limit: fields are missing.
    case headLimited(octets: UInt64)
    /// Header fields refer to table entries that were never seen.
    case unknownFields(Int)
    /// The stream was reset with this error code (HTTP/2).
    case reset(code: UInt32)
    /// The octets break the protocol's rules in this way.
    case malformed(Malformation)
    /// The text was cut at `truncate_size`.
    case truncated(octets: UInt64)
    /// Parts of the body were replaced by redaction; a digest is left out, since that of a short secret can be guessed.
    case bodyRedacted
    /// Octets of the body that redaction left out, because secrets in them could not be found surely.
    case bodyWithheld(octets: UInt64)
    /// The same of the octets as captured.
    case wireWithheld(octets: UInt64)
}
