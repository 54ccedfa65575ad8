import Octets

/// Collects the body of one message as its octets arrive: takes content codings off, keeps what the limit allows,
/// counts and, where asked, digests all of it. Never holds more than the limit and one scratch buffer.
public struct BodyCollector {
    /// Decoders, the last applied coding first.
    private var decoders: [any BodyDecoder] = []
    private var digest: (any BodyDigest)?
    private var state = State.decoding

    private enum State {
        case decoding
        /// Decoding stopped for good: further octets are counted and left out.
        case stopped
    }

    /// One step of decoding appends at most this much.
    private static let scratchOctets = 16_384

    public init() {}

    /// Starts a body.
    /// - Parameter codings: as listed in `Content-Encoding` (and `Transfer-Encoding` before `chunked`), `identity`
    ///   left out; `nil` for one that nobody here knows.
    public mutating func begin(
        _ codings: [ContentCoding?], in message: inout Message, _ settings: ParserSettings, _ tools: any BodyTools
    ) {
        decoders.removeAll(keepingCapacity: true)
        state = .decoding
        digest = settings.digestsBodies ? tools.makeDigest() : nil
        for coding in codings.reversed() {
            guard let coding, let decoder = tools.makeDecoder(coding) else {
                // What lies beneath an unknown coding cannot be reached: all is shown as it was on the wire.
                decoders.removeAll(keepingCapacity: true)
                message.body.codings.removeAll(keepingCapacity: true)
                message.note(.unknownCoding)
                return
            }
            decoders.append(decoder)
        }
        for coding in codings { if let coding { message.body.codings.append(coding) } }
    }

    /// Starts a body that goes on with the state a decoder has from bodies before it (RFC 7692 § 7.2.2).
    public mutating func begin(
        _ decoder: any BodyDecoder, of coding: ContentCoding, in message: inout Message, _ settings: ParserSettings,
        _ tools: any BodyTools
    ) {
        begin([], in: &message, settings, tools)
        decoders.append(decoder)
        message.body.codings.append(coding)
    }

    /// Takes octets of the body as they were on the wire, chunk framing and padding taken off.
    public mutating func append(
        _ octets: Span<UInt8>, to message: inout Message, _ settings: ParserSettings, _ tools: any BodyTools
    ) {
        message.body.length += UInt64(octets.count)
        guard !octets.isEmpty, state == .decoding else { return }
        if decoders.isEmpty {
            keep(octets, in: &message, settings, tools)
        } else {
            decode(octets, from: 0, into: &message, settings, tools)
        }
    }

    /// Octets of the body are missing here. What is coded cannot go on behind a gap.
    public mutating func skip(_ octets: UInt64?, in message: inout Message) {
        message.markIncomplete(.gap(octets: octets))
        if !decoders.isEmpty { state = .stopped }
        digest = nil
    }

    /// Ends the body.
    /// - Parameter isWhole: its end was seen; a coding without its end mark is then noted.
    public mutating func end(isWhole: Bool, in message: inout Message) {
        if state == .decoding, message.body.length > 0, let last = decoders.last, !last.hasEnded,
            let coding = message.body.codings.first, coding != .permessageDeflate
        {
            message.markIncomplete(.codingTruncated(coding))
        }
        if !message.body.isKeptWhole { message.note(.bodyLimited(shown: UInt64(message.body.octets.count))) }
        if isWhole, let digest { message.body.digest = digest.finish() }
        decoders.removeAll(keepingCapacity: true)
        digest = nil
    }

    /// Runs `octets` through the decoder at `level`, and what it gives through those behind it.
    private mutating func decode(
        _ octets: Span<UInt8>, from level: Int, into message: inout Message, _ settings: ParserSettings,
        _ tools: any BodyTools
    ) {
        guard level < decoders.count else { return keep(octets, in: &message, settings, tools) }
        let decoder = decoders[level]
        var offset = 0
        while offset < octets.count, state == .decoding, !decoder.hasEnded {
            var taken = 0
            var failed = false
            let rest = octets.extracting(offset...)
            let scratch = [UInt8](capacity: Self.scratchOctets) { output in
                do throws(BodyDecodingFailure) {
                    taken = try decoder.decode(rest, into: &output)
                } catch {
                    failed = true
                }
            }
            if !scratch.isEmpty { decode(scratch.span, from: level + 1, into: &message, settings, tools) }
            let coding = message.body.codings[decoders.count - 1 - level]
            if failed || (taken == 0 && scratch.isEmpty) {
                message.markIncomplete(.undecodable(coding, afterOctets: message.body.decodedLength))
                state = .stopped
            }
            offset += taken
        }
    }

    private mutating func keep(
        _ octets: Span<UInt8>, in message: inout Message, _ settings: ParserSettings, _ tools: any BodyTools
    ) {
        if !decoders.isEmpty, message.body.decodedLength + UInt64(octets.count) > settings.decodedOctetsMax {
            message.markIncomplete(.decodingLimited(octets: settings.decodedOctetsMax))
            state = .stopped
            return
        }
        let room = max(0, settings.bodyOctetsMax - message.body.octets.count)
        if octets.count > room, digest == nil, message.body.isKeptWhole, message.isComplete {
            // Beyond the limit the digest stands for what is not kept.
            digest = tools.makeDigest()
            digest?.update(message.body.octets.span)
        }
        digest?.update(octets)
        message.body.decodedLength += UInt64(octets.count)
        message.body.octets.append(contentsOf: octets.extracting(0..<min(room, octets.count)))
    }
}
