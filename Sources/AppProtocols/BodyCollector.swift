import Octets

/// Collects the body of one message as its octets arrive: takes content codings off, keeps what the limit allows,
/// counts and, where asked, digests all of it.
///
/// A coded body of usual size waits as it came and is decoded in one go when it ends or is asked for: of thousands of
/// bodies at once none then has a decoder of its own, and what is decoded is shown while the processor still has it at
/// hand.
///
/// Memory: what is kept, at most `ParserSettings.bodyOctetsMax`; while a long body is open the decoders' own, and 16
/// KiB per coding where octets are decoded that are not kept as they come.
public struct BodyCollector {
    /// Decoders, the last applied coding first.
    private var levels: [Level] = []
    private var digest: (any BodyDigest)?
    private var state = State.passing
    /// Octets given to the decoders so far.
    private var coded: UInt64 = 0
    /// Octets taken while nothing was decoded yet, to be shown as they are if they turn out not to be coded.
    private var held: [UInt8] = []
    /// A coded body of which nothing was decoded yet.
    private var waiting: Waiting?

    /// An object, as most bodies are not coded and all collectors would be larger by it.
    private final class Waiting {
        let codings: [ContentCoding?]
        let context: ParserContext
        var octets: [UInt8] = []

        init(_ codings: [ContentCoding?], _ context: ParserContext) {
            self.codings = codings
            self.context = context
        }
    }

    private enum State {
        /// No coding, or none that can be taken off.
        case passing
        case decoding
        /// Decoding stopped for good: further octets are counted and left out.
        case stopped
    }

    private struct Level {
        let decoder: any BodyDecoder
        let coding: ContentCoding
        /// Reused for what the decoder gives, where that is not what is kept; empty until then.
        var scratch: [UInt8] = []
        /// Octets it gave.
        var given: UInt64 = 0
    }

    /// One step of decoding into a scratch buffer gives at most this much.
    static let scratchOctets = 16_384
    /// A coded body that is longer is decoded as it comes.
    static let waitingOctetsMax = 65_536
    /// The least that a body's memory grows by.
    private static let growthOctets = 2_048
    /// More codings than this are nobody's honest body: they stay on.
    static let codingsMax = 5
    /// A decoder that has given nothing after so many octets is not going to be told a mistake.
    private static let heldOctetsMax = 1_024

    public init() {}

    /// What a decoder needs: a window of 32 KiB with its tables, as zlib has them; others are near.
    static let decoderOctets = 40 << 10

    /// Octets held besides those in the message. Inlined, for it would be called on a copy of all.
    @inline(__always) var heldOctets: Int {
        // Most bodies have no coding.
        levels.isEmpty ? waiting?.octets.count ?? 0 : heldOctetsOfDecoders
    }

    private var heldOctetsOfDecoders: Int {
        held.count + levels.reduce(0) { $0 + Self.decoderOctets + $1.scratch.count }
    }

    /// Starts a body.
    /// - Parameter codings: as listed in `Content-Encoding` (and `Transfer-Encoding` before `chunked`), `identity`
    ///   left out; `nil` for one that nobody here knows.
    public mutating func begin(_ codings: [ContentCoding?], in message: inout Message, _ context: ParserContext) {
        start(context)
        guard !codings.isEmpty else { return }
        // What lies beneath an unknown coding cannot be reached: all is shown as it was on the wire.
        guard !codings.contains(where: { $0 == nil }) else { return message.note(.unknownCoding) }
        guard codings.count <= Self.codingsMax else { return message.note(.codingsLimited(max: Self.codingsMax)) }
        waiting = Waiting(codings, context)
    }

    /// Takes the codings off that wait for it.
    private mutating func open(_ codings: [ContentCoding?], in message: inout Message, _ context: ParserContext) {
        for coding in codings.reversed() {
            guard let coding, let decoder = context.tools.makeDecoder(coding) else {
                levels.removeAll(keepingCapacity: true)
                return message.note(.unknownCoding)
            }
            levels.append(Level(decoder: decoder, coding: coding))
        }
        state = .decoding
        for coding in codings { if let coding { message.body.codings.append(coding) } }
    }

    /// Decodes what waits, so that the message holds all of the body that has come.
    public mutating func decodeWaiting(in message: inout Message) {
        guard let waiting = waiting.take() else { return }
        open(waiting.codings, in: &message, waiting.context)
        guard !waiting.octets.isEmpty else { return }
        // Most text is coded in no less than a quarter.
        message.body.octets.reserveCapacity(min(4 * waiting.octets.count, waiting.context.settings.bodyOctetsMax))
        take(all: waiting.octets.span, to: &message, waiting.context)
    }

    /// Keeps memory ready for octets that come now.
    /// - Parameter announced: octets of the whole body.
    mutating func reserve(_ more: Int, of announced: UInt64, in message: inout Message, _ context: ParserContext) {
        let whole = Int(clamping: min(announced, UInt64(context.settings.bodyOctetsMax)))
        if let waiting {
            waiting.octets.reserve(more, of: min(whole, Self.waitingOctetsMax))
        } else if state == .passing {
            message.body.reserve(more, of: whole)
        }
    }

    /// Starts the body of one of several messages that one decoder takes, one after the other (permessage-deflate).
    /// The caller keeps the decoder for the next, unless this body could not be decoded to its end.
    public mutating func begin(
        _ coding: ContentCoding, by decoder: any BodyDecoder, in message: inout Message, _ context: ParserContext
    ) {
        start(context)
        levels.append(Level(decoder: decoder, coding: coding))
        state = .decoding
        message.body.codings.append(coding)
    }

    /// Takes octets of the body as they were on the wire, chunk framing and padding taken off.
    public mutating func append(_ octets: Span<UInt8>, to message: inout Message, _ context: ParserContext) {
        guard !octets.isEmpty else { return }
        message.body.length += UInt64(octets.count)
        guard let waiting else { return take(all: octets, to: &message, context) }
        waiting.octets.append(contentsOf: octets)
        if waiting.octets.count > Self.waitingOctetsMax { decodeWaiting(in: &message) }
    }

    private mutating func take(all octets: Span<UInt8>, to message: inout Message, _ context: ParserContext) {
        guard state == .decoding else { return take(octets, to: &message, context) }
        // A beginning of fixed length, so that a mistake is told the same however the body was cut.
        let beginning = octets.extracting(first: max(0, Self.heldOctetsMax - Int(clamping: coded)))
        take(beginning, to: &message, context)
        take(octets.extracting(beginning.count...), to: &message, context)
    }

    private mutating func take(_ octets: Span<UInt8>, to message: inout Message, _ context: ParserContext) {
        guard !octets.isEmpty else { return }
        switch state {
        case .passing: keep(octets, in: &message, context)
        case .decoding:
            coded += UInt64(octets.count)
            decode(octets, at: 0, into: &message, context)
            if state == .decoding { hold(octets) }
        case .stopped: break
        }
    }

    /// Octets of the body are missing here. What is coded cannot go on behind a gap.
    public mutating func skip(_ octets: UInt64?, in message: inout Message) {
        decodeWaiting(in: &message)
        message.markIncomplete(.gap(octets: octets))
        if state == .decoding, let outermost = levels.first {
            message.markIncomplete(.undecodable(outermost.coding, afterOctets: message.body.decodedLength))
            state = .stopped
        }
        digest = nil
    }

    /// Ends the body.
    /// - Parameter isWhole: its end was seen; a coding without its end mark is then noted.
    public mutating func end(isWhole: Bool, in message: inout Message) {
        decodeWaiting(in: &message)
        if state == .decoding, coded > 0 { checkEnd(isWhole, of: &message) }
        if !message.body.isKeptWhole { message.note(.bodyLimited(shown: UInt64(message.body.octets.count))) }
        // Of a body that could not be decoded to its end nobody could compare the digest with anything.
        if isWhole, state != .stopped, let digest { message.body.digest = digest.finish() }
        forget()
    }

    /// Most bodies leave nothing to forget, which is faster seen than done.
    private mutating func forget() {
        if !levels.isEmpty { levels.removeAll(keepingCapacity: true) }
        if held.capacity > 0 { held = [] }
        if digest != nil { digest = nil }
        state = .passing
    }

    private mutating func start(_ context: ParserContext) {
        forget()
        if waiting != nil { waiting = nil }
        coded = 0
        if context.settings.digestsBodies { digest = context.tools.makeDigest() }
    }

    /// Names the outermost coding that has not come to its end mark: those beneath it cannot have either, or were left
    /// alone by it.
    private mutating func checkEnd(_ isWhole: Bool, of message: inout Message) {
        for level in levels {
            if isWhole {
                do throws(BodyDecodingFailure) {
                    try level.decoder.endMessage()
                } catch {
                    message.markIncomplete(.undecodable(level.coding, afterOctets: message.body.decodedLength))
                    state = .stopped
                    return
                }
            }
            if !level.decoder.hasEnded {
                message.markIncomplete(.codingTruncated(level.coding))
                state = .stopped
                return
            }
        }
    }
}

// MARK: - Decoding

extension BodyCollector {
    /// Runs `octets` through the decoder at `index`, and what it gives through those behind it.
    private mutating func decode(
        _ octets: Span<UInt8>, at index: Int, into message: inout Message, _ context: ParserContext
    ) {
        let decoder = levels[index].decoder
        let isLast = index == levels.count - 1
        var offset = 0
        var isFull = false
        while offset < octets.count || isFull, state == .decoding {
            let rest = octets.extracting(offset...)
            let room = context.settings.bodyOctetsMax - message.body.octets.count
            let step =
                if isLast, room > 0 {
                    decodeInPlace(rest, by: decoder, room: room, into: &message, context)
                } else {
                    decodeAside(rest, at: index, into: &message, context)
                }
            offset += step.taken
            isFull = step.isFull
            if step.isFailed || (step.taken == 0 && step.given == 0 && !rest.isEmpty) {
                fail(at: index, octets, of: &message, context)
            }
        }
    }

    /// Small bodies grow fourfold: what is never written to takes no memory, what is moved does.
    private static func growth(_ count: Int) -> Int { count < 64 << 10 ? 3 * count : count }

    private struct Step {
        /// Octets of the input used up.
        var taken = 0
        /// Octets of output.
        var given = 0
        /// The output was filled: there may be more of it without input.
        var isFull = false
        var isFailed = false
    }

    /// One step of the last decoder, straight to where the body is kept.
    private mutating func decodeInPlace(
        _ octets: Span<UInt8>, by decoder: any BodyDecoder, room: Int, into message: inout Message,
        _ context: ParserContext
    ) -> Step {
        let start = message.body.octets.count
        let free = message.body.octets.capacity - start
        // One octet more than the limit tells a body that ends there from one that goes on.
        let left = self.left(at: levels.count - 1, context)
        let size = min(
            room, left == .max ? left : left + 1,
            free >= Self.growthOctets / 2 ? free : max(Self.growthOctets, Self.growth(start)))
        var step = Step()
        message.body.octets.append(addingCapacity: size) { output in
            step = Self.step(decoder, octets, into: &output)
        }
        levels[levels.count - 1].given += UInt64(step.given)
        message.body.decodedLength += UInt64(step.given)
        if step.given > left {
            message.body.octets.removeLast()
            message.body.decodedLength -= 1
            limit(&message, context)
        }
        if let digest { digest.update(message.body.octets.span.extracting(start...)) }
        return step
    }

    /// One step of a decoder into its scratch buffer, and on from there: of one that others follow, or one whose octets
    /// are beyond the limit.
    private mutating func decodeAside(
        _ octets: Span<UInt8>, at index: Int, into message: inout Message, _ context: ParserContext
    ) -> Step {
        var scratch: [UInt8] = []
        swap(&scratch, &levels[index].scratch)
        scratch.removeAll(keepingCapacity: true)
        let decoder = levels[index].decoder
        var step = Step()
        scratch.append(addingCapacity: Self.scratchOctets) { output in
            step = Self.step(decoder, octets, into: &output)
        }
        let left = self.left(at: index, context)
        levels[index].given += UInt64(step.given)
        // What one coding gives to the next is bounded, too: a bomb may give what the next ignores.
        if index == levels.count - 1 {
            keep(scratch.span.extracting(first: left), in: &message, context)
        } else {
            decode(scratch.span.extracting(first: left), at: index + 1, into: &message, context)
        }
        if step.given > left, state == .decoding { limit(&message, context) }
        swap(&scratch, &levels[index].scratch)
        return step
    }

    private static func step(
        _ decoder: any BodyDecoder, _ octets: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) -> Step {
        var step = Step()
        let before = output.count
        do throws(BodyDecodingFailure) {
            step.taken = try decoder.decode(octets, into: &output)
        } catch {
            step.isFailed = true
        }
        step.given = output.count - before
        step.isFull = output.isFull
        return step
    }

    /// Octets that the decoder at `index` may still give.
    private func left(at index: Int, _ context: ParserContext) -> Int {
        let given = levels[index].given
        return given < context.settings.decodedOctetsMax ? Int(clamping: context.settings.decodedOctetsMax - given) : 0
    }

    private mutating func limit(_ message: inout Message, _ context: ParserContext) {
        message.markIncomplete(.decodingLimited(octets: context.settings.decodedOctetsMax))
        state = .stopped
    }

    /// The decoder at `index` gave up. Where nothing was decoded before, the body is shown as it was on the wire, as a
    /// server may have named a coding that it did not apply.
    private mutating func fail(
        at index: Int, _ octets: Span<UInt8>, of message: inout Message, _ context: ParserContext
    ) {
        message.markIncomplete(.undecodable(levels[index].coding, afterOctets: message.body.decodedLength))
        state = .stopped
        guard index == 0, levels[0].given == 0, coded <= Self.heldOctetsMax,
            coded == UInt64(held.count + octets.count)
        else { return }
        state = .passing
        message.body.codings.removeAll(keepingCapacity: true)
        let held = held
        keep(held.span, in: &message, context)
        keep(octets, in: &message, context)
    }

    /// Remembers octets that gave nothing yet.
    private mutating func hold(_ octets: Span<UInt8>) {
        let total = held.count + octets.count
        guard levels[0].given == 0, total <= Self.heldOctetsMax, coded == UInt64(total) else {
            if !held.isEmpty { held = [] }
            return
        }
        held.append(contentsOf: octets)
    }

    private mutating func keep(_ octets: Span<UInt8>, in message: inout Message, _ context: ParserContext) {
        let room = max(0, context.settings.bodyOctetsMax - message.body.octets.count)
        if octets.count > room, digest == nil, message.body.isKeptWhole, message.isComplete {
            // Beyond the limit the digest stands for what is not kept.
            digest = context.tools.makeDigest()
            digest?.update(message.body.octets.span)
        }
        digest?.update(octets)
        message.body.decodedLength += UInt64(octets.count)
        message.body.append(octets.extracting(first: room))
    }
}
