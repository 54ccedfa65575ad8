import AppProtocols
import Events
import Octets

/// Records as people read them: a line that names the program and the connection, and the message on the lines behind.
///
/// Of HTTP/1 the head is shown octet by octet as it was on the wire, of HTTP/2 a line per header field. A body is text
/// where it can be read as such, else a hex dump. Nothing of it can drive a terminal (`TerminalText`). What is said
/// about a message, and was not in it, stands in brackets.
public struct MessageTextFormat: MessageFormat {
    public var style: Style
    /// Show the octets as captured (`Message.wire`) in a hex dump instead of the message.
    public var showsWire: Bool
    /// `truncate_size`: at most so many octets of a message's head and body are shown.
    public var octetsMax: Int?
    private let pieces = Pieces()

    public init(style: Style = .plain, showsWire: Bool = false, octetsMax: Int? = nil) {
        self.style = style
        self.showsWire = showsWire
        self.octetsMax = octetsMax
    }

    private struct Pieces: Sendable {
        let pid = OctetPiece("PID:")
        let comm = OctetPiece(", Comm:")
        let source = OctetPiece("Src:")
        let destination = OctetPiece(", Dest:")
        let stream = OctetPiece("[HTTP/2 stream ")
    }

    public func append(_ message: borrowing Message, _ info: BaseInfo, to buffer: inout OctetBuffer) {
        beginColour(message.direction, &buffer)
        append(heading: info, &buffer)
        var limit = TextLimit(octetsMax)
        if showsWire {
            append(wireOf: message, &buffer, &limit)
        } else {
            append(contentOf: message, &buffer, &limit)
        }
        let octetsMax = octetsMax ?? .max
        // Parsers keep no more of a body than is shown.
        let isTruncated = limit.isReached || (!message.body.isKeptWhole && message.body.octets.count >= octetsMax)
        if isTruncated { append(MessageNote.truncated(octets: UInt64(octetsMax)), &buffer) }
        for note in message.notes {
            // Said once, in one way.
            if isTruncated, note.tellsLimit { continue }
            // What was captured is shown whatever is kept of the body.
            if showsWire, case .bodyLimited = note { continue }
            append(note, &buffer)
        }
        endColour(&buffer)
    }

    public func append(
        _ transaction: borrowing Transaction, _ info: BaseInfo, to buffer: inout OctetBuffer
    ) {
        TransactionTable(style: style).append(transaction, info, to: &buffer)
    }

    // MARK: The line in front

    /// `PID:1234, Comm:curl, Src:192.168.1.10:54321, Dest:93.184.216.34:443,`, without what is not known.
    func append(heading info: BaseInfo, _ buffer: inout OctetBuffer) {
        if info.pid != 0 {
            let pid = UInt64(info.pid)
            buffer.write(atMost: 32) { writer in
                writer.append(pieces.pid)
                writer.append(decimal: pid)
                writer.append(pieces.comm)
            }
            buffer.append(terminal: info.comm)
            buffer.write(atMost: 2) { $0.append(word: 0x202C, count: info.hasTuple ? 2 : 1) }
        }
        if info.hasTuple {
            buffer.write(atMost: 16 + 2 * OctetWriter.endpointOctetsMax) { writer in
                writer.append(pieces.source)
                writer.append(endpoint: info.source, info.sourcePort)
                writer.append(pieces.destination)
                writer.append(endpoint: info.destination, info.destinationPort)
                writer.append(UInt8(ascii: ","))
            }
        } else if info.pid == 0 {
            buffer.append("[program and connection are not known]")
        }
        buffer.endLine()
    }

    // MARK: The message

    private func append(
        contentOf message: borrowing Message, _ buffer: inout OctetBuffer, _ limit: inout TextLimit
    ) {
        if message.isContinuation { buffer.append("[continued]\n") }
        switch message.kind {
        case .http1Request, .http1Response:
            if !message.isContinuation { append(head: message.headers.octets.span, &buffer, &limit) }
        case .http2Request, .http2Response:
            append(stream: message, &buffer)
            append(fields: message.headers, &buffer, &limit)
            if !message.headers.isEmpty { buffer.append("\n") }
        case .webSocket: append(webSocketHeading: message, &buffer)
        case .grpc: append(grpcHeading: message, &buffer)
        case .http2Frame: append(frame: message, &buffer, &limit)
        case .gap:
            buffer.append("[gap: ")
            if let length = message.gapLength { buffer.append(decimal: length) }
            buffer.append(message.gapLength == nil ? "octets are missing]\n" : " octets are missing]\n")
        case .raw: break
        }
        if message.kind != .http2Frame {
            let mayBeCut = !message.isComplete || !message.body.isKeptWhole
            append(bodyOf: message, mayBeCut: mayBeCut, &buffer, &limit)
        }
        if !message.trailers.isEmpty {
            buffer.append("[trailers]\n")
            append(fields: message.trailers, &buffer, &limit)
        }
    }

    /// The head of HTTP/1, and the empty line that ends it.
    private func append(head: Span<UInt8>, _ buffer: inout OctetBuffer, _ limit: inout TextLimit) {
        guard !head.isEmpty, !limit.isReached else { return }
        buffer.append(terminal: limit.take(head), .kept)
        buffer.endLine()
        if !limit.isReached { buffer.endParagraph() }
    }

    func append(fields list: borrowing HeaderList, _ buffer: inout OctetBuffer, _ limit: inout TextLimit) {
        if octetsMax == nil, list.areLines, list.octets.span.isPrintable(butForControls: list.fields.count) {
            // The lines' ends: nothing needs an escape, as in almost all lists.
            return buffer.append(contentsOf: list.octets.span)
        }
        for field in list.fields {
            guard !limit.isReached else { return }
            if field.marks.contains(.unknownName) {
                buffer.append("[unknown]")
            } else {
                buffer.append(terminal: limit.take(list.span(of: field.name)), .escaped)
            }
            buffer.write(atMost: 2) { $0.append(word: 0x203A, count: 2) }
            if field.marks.contains(.unknownValue) {
                buffer.append("[unknown]")
            } else {
                buffer.append(terminal: limit.take(list.span(of: field.value)), .escaped)
            }
            limit.take(3)
            buffer.endLine()
        }
    }

    private func append(
        bodyOf message: borrowing Message, mayBeCut: Bool, _ buffer: inout OctetBuffer, _ limit: inout TextLimit
    ) {
        let body = message.body.octets.span
        guard !body.isEmpty, !limit.isReached else { return }
        guard message.body.isPrintableLines else { return append(body: body, mayBeCut: mayBeCut, &buffer, &limit) }
        // As most text is: looked at once, then copied or lent.
        let shown = limit.take(body)
        guard let last = shown.indices.last else { return buffer.endLine() }
        // What ends the line is the buffer's own, so that nothing that was lent has to be taken back for a colour.
        buffer.append(lending: message.body.octets, first: shown[last] == 0x0A ? last : shown.count)
        buffer.write(atMost: 1) { $0.append(0x0A) }
    }

    func append(
        body: Span<UInt8>, mayBeCut: Bool, _ buffer: inout OctetBuffer, _ limit: inout TextLimit
    ) {
        guard !body.isEmpty, !limit.isReached else { return }
        if body.isText(mayBeCut: mayBeCut) {
            buffer.append(terminal: limit.take(body), .kept)
            buffer.endLine()
        } else {
            buffer.append(hexDump: limit.take(body))
        }
    }

    private func append(stream message: borrowing Message, _ buffer: inout OctetBuffer) {
        let id = UInt64(message.streamID)
        buffer.write(atMost: 40) { writer in
            writer.append(pieces.stream)
            writer.append(decimal: id)
            writer.append(word: 0x0A5D, count: 2)
        }
    }

    private func append(webSocketHeading message: borrowing Message, _ buffer: inout OctetBuffer) {
        buffer.append("[WebSocket ")
        if let name = WebSocketNames.opcode(message.code) {
            buffer.append(name)
        } else {
            buffer.append("opcode ")
            buffer.append(decimal: UInt64(message.code))
        }
        if let code = WebSocketNames.closeCode(message) {
            buffer.append(" ")
            buffer.append(decimal: UInt64(code))
        }
        append(target: message, &buffer)
        buffer.append("]\n")
    }

    private func append(grpcHeading message: borrowing Message, _ buffer: inout OctetBuffer) {
        buffer.append("[gRPC message, stream ")
        buffer.append(decimal: UInt64(message.streamID))
        append(target: message, &buffer)
        buffer.append(", ")
        buffer.append(decimal: message.body.length)
        buffer.append(message.flags & 1 == 0 ? " octets]\n" : " octets, compressed]\n")
    }

    private func append(target message: borrowing Message, _ buffer: inout OctetBuffer) {
        guard !message.target.isEmpty else { return }
        buffer.append(", ")
        buffer.append(terminal: message.headers.span(of: message.target), .escaped)
    }

    private func append(
        wireOf message: borrowing Message, _ buffer: inout OctetBuffer, _ limit: inout TextLimit
    ) {
        if message.kind == .gap { return append(contentOf: message, &buffer, &limit) }
        if message.isContinuation { buffer.append("[continued]\n") }
        buffer.append(hexDump: limit.take(message.wire.span))
    }

    // MARK: Notes and colours

    private func append(_ note: MessageNote, _ buffer: inout OctetBuffer) {
        buffer.append("[")
        buffer.append(note.description)
        buffer.append("]\n")
    }

    private func beginColour(_ direction: Direction, _ buffer: inout OctetBuffer) {
        guard style.isEnabled else { return }
        buffer.append(direction == .sent ? "\u{1B}[36m" : "\u{1B}[32m")
    }

    /// The colour ends before the last line does.
    private func endColour(_ buffer: inout OctetBuffer) {
        guard style.isEnabled else { return }
        buffer.truncate(to: buffer.count - 1)
        buffer.append("\u{1B}[0m\n")
    }
}

extension MessageNote {
    /// Less is shown than there is, and nothing else is wrong with it.
    fileprivate var tellsLimit: Bool {
        switch self {
        case .truncated, .bodyLimited, .wireLimited: true
        default: false
        }
    }
}

/// How many octets of a message may still be shown.
struct TextLimit {
    private var rest: Int
    private(set) var isReached = false

    init(_ octetsMax: Int?) { rest = octetsMax ?? .max }

    /// The part of `octets` that may be shown. A cut leaves characters whole.
    @_lifetime(copy octets)
    mutating func take(_ octets: Span<UInt8>) -> Span<UInt8> {
        if octets.count <= rest {
            rest -= octets.count
            return octets
        }
        let kept = octets.extracting(0..<rest)
        rest = 0
        isReached = true
        return kept.extracting(0..<kept.startOfCutSequence)
    }

    /// Counts what stands between: separators and line ends.
    mutating func take(_ count: Int) { rest = max(0, rest - count) }
}

extension OctetBuffer {
    /// Ends the line, if it has begun.
    mutating func endLine() {
        guard count == 0 || octets[count - 1] != 0x0A else { return }
        write(atMost: 1) { $0.append(0x0A) }
    }

    /// Ends the paragraph, if it has begun: an empty line follows.
    mutating func endParagraph() {
        guard count < 2 || octets[count - 2] != 0x0A || octets[count - 1] != 0x0A else { return }
        write(atMost: 1) { $0.append(0x0A) }
    }
}
