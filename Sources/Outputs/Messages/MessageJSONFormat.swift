import AppProtocols
import Events
import Headers
import Octets

/// Records as JSON Lines: an object per message or transaction, members as `docs/formats.md` lists them.
///
/// Header fields are pairs in wire order and case. Text that is no UTF-8 is written as Latin-1 and marked so; bodies
/// that are none, in base64.
public struct MessageJSONFormat: MessageFormat {
    let pieces = JSONPieces()

    public init() {}

    public func append(_ message: borrowing Message, _ info: BaseInfo, to buffer: inout OctetBuffer) {
        var latin1 = Latin1Members()
        buffer.append(pieces.start(message))
        append(time: message.time, info, message.direction, &buffer, &latin1)
        if message.streamID != 0 || message.kind == .http2Frame {
            append(pieces.stream, UInt64(message.streamID), &buffer)
        }
        switch message.kind {
        case .http1Request, .http2Request, .http1Response, .http2Response:
            append(http: message, &buffer, &latin1)
        case .webSocket:
            append(webSocket: message, &buffer)
            append(request: message, &buffer, &latin1)
        case .grpc:
            buffer.append(message.flags & 1 == 0 ? ",\"compressed\":false" : ",\"compressed\":true")
            append(request: message, &buffer, &latin1)
        case .http2Frame: append(frame: message, &buffer)
        case .gap: append(gap: message, &buffer)
        case .raw: break
        }
        if message.kind != .gap, message.kind != .http2Frame { append(body: message, &buffer) }
        if !message.trailers.isEmpty { append(pieces.trailers, fields: message.trailers, &buffer) }
        append(end: message, &buffer, latin1)
    }

    // MARK: What all records have

    /// `"time":…,"uuid":…,"pid":…,"tid":…,"comm":…,"fd":…,"direction":…,"src":…,"dst":…`, without what is not known.
    func append(
        time: Int64, _ info: BaseInfo, _ direction: Direction, _ buffer: inout OctetBuffer,
        _ latin1: inout Latin1Members
    ) {
        let pieces = pieces
        buffer.write(atMost: 64) { writer in
            writer.append(decimal: time)
            writer.append(pieces.uuid)
        }
        append(uuid: info, direction, &buffer)
        if info.pid != 0 { append(process: info, &buffer, &latin1) }
        if info.fd >= 0 { append(pieces.fd, UInt64(info.fd), &buffer) }
        buffer.append(direction == .sent ? pieces.sent : pieces.received)
        guard info.hasTuple else { return }
        buffer.write(atMost: 40 + 2 * OctetWriter.endpointOctetsMax) { writer in
            writer.append(pieces.source)
            writer.append(endpoint: info.source, info.sourcePort)
            writer.append(pieces.destination)
            writer.append(endpoint: info.destination, info.destinationPort)
            writer.append(0x22)
        }
    }

    /// The UUID is plain but for the comm in it.
    private func append(
        uuid info: BaseInfo, _ direction: Direction, _ buffer: inout OctetBuffer
    ) {
        let start = buffer.count
        buffer.append(uuidOf: info, direction)
        let end = buffer.count
        if buffer.octets.extracting(start..<end).isPlainJSON {
            buffer.write(atMost: 1) { $0.append(0x22) }
            return
        }
        let text = [UInt8](copying: buffer.octets.extracting(start..<end))
        buffer.truncate(to: start - 1)  // the opening quote, too
        _ = buffer.append(jsonAny: text.span)  // it is UTF-8
    }

    private func append(
        process info: BaseInfo, _ buffer: inout OctetBuffer, _ latin1: inout Latin1Members
    ) {
        let (pieces, pid, tid) = (pieces, UInt64(info.pid), UInt64(info.tid))
        buffer.write(atMost: 64) { writer in
            writer.append(pieces.pid)
            writer.append(decimal: pid)
            writer.append(pieces.tid)
            writer.append(decimal: tid)
            writer.append(pieces.comm)
        }
        let comm = info.comm.padded
        if !buffer.append(jsonAny: comm.span.extracting(0..<info.comm.count)) { latin1.insert(.comm) }
    }

    private func append(
        end message: borrowing Message, _ buffer: inout OctetBuffer, _ latin1: Latin1Members
    ) {
        append(latin1, &buffer)
        if message.isContinuation { buffer.append(",\"continuation\":true") }
        buffer.append(message.isComplete ? pieces.complete : pieces.incomplete)
        if !message.notes.isEmpty { append(notes: message.notes, &buffer) }
        buffer.write(atMost: 2) { $0.append(word: 0x0A7D, count: 2) }
    }

    func append(_ latin1: Latin1Members, _ buffer: inout OctetBuffer) {
        guard !latin1.isEmpty else { return }
        buffer.append(",\"latin1\":[")
        for (index, name) in latin1.names.enumerated() { buffer.append(index == 0 ? "\"\(name)\"" : ",\"\(name)\"") }
        buffer.append("]")
    }

    private func append(notes: [MessageNote], _ buffer: inout OctetBuffer) {
        buffer.append(",\"notes\":[")
        for (index, note) in notes.enumerated() {
            buffer.append(index == 0 ? "{\"code\":" : ",{\"code\":")
            buffer.append(JSONText.quoted(note.code) + ",\"text\":" + JSONText.quoted(note.description) + "}")
        }
        buffer.append("]")
    }

    // MARK: HTTP

    private func append(
        http message: borrowing Message, _ buffer: inout OctetBuffer, _ latin1: inout Latin1Members
    ) {
        append(pieces.method, message.method, of: message, .method, &buffer, &latin1)
        append(request: message, &buffer, &latin1)
        if let version = pieces.version(message.version) {
            buffer.append(version)
        } else if message.version != 0 {
            buffer.append(",\"version\":\"HTTP/\(message.version / 10).\(message.version % 10)\"")
        }
        if message.status != 0 { append(pieces.status, UInt64(message.status), &buffer) }
        append(pieces.reason, message.reason, of: message, .reason, &buffer, &latin1)
        if !message.isContinuation || !message.headers.isEmpty {
            append(pieces.headers, fields: message.headers, &buffer)
        }
    }

    /// Target and host, of the message or of the request it belongs to.
    private func append(
        request message: borrowing Message, _ buffer: inout OctetBuffer, _ latin1: inout Latin1Members
    ) {
        append(pieces.target, message.target, of: message, .target, &buffer, &latin1)
        append(pieces.host, message.host, of: message, .host, &buffer, &latin1)
    }

    private func append(
        _ name: OctetPiece, _ extent: HeaderList.Extent, of message: borrowing Message, _ member: Latin1Members,
        _ buffer: inout OctetBuffer, _ latin1: inout Latin1Members
    ) {
        guard !extent.isEmpty else { return }
        buffer.append(name)
        if !buffer.append(jsonAny: message.headers.span(of: extent)) { latin1.insert(member) }
    }

    /// `[["Host","example.com"],…]`: unknown names and values are `null`; a pair that is no UTF-8 has a third element.
    func append(_ name: OctetPiece, fields list: borrowing HeaderList, _ buffer: inout OctetBuffer) {
        buffer.append(name)
        var isFirst = true
        for field in list.fields {
            let (name, value) = (list.span(of: field.name), list.span(of: field.value))
            buffer.write(atMost: 64 + OctetWriter.jsonOctetsMax(name) + OctetWriter.jsonOctetsMax(value)) { writer in
                writer.append(word: isFirst ? 0x5B : 0x5B2C, count: isFirst ? 1 : 2)
                let isName = writer.append(jsonElement: name, isUnknown: field.marks.contains(.unknownName))
                writer.append(0x2C)
                let isValue = writer.append(jsonElement: value, isUnknown: field.marks.contains(.unknownValue))
                if !isName || !isValue { writer.append(text: pieces.latin1Mark(name: isName, value: isValue)) }
                writer.append(0x5D)
            }
            isFirst = false
        }
        buffer.write(atMost: 1) { $0.append(0x5D) }
    }

    // MARK: Bodies and others

    func append(body message: borrowing Message, _ buffer: inout OctetBuffer) {
        let body = message.body.octets.span
        if !body.isEmpty {
            let start = buffer.count
            buffer.append(pieces.body)
            if !buffer.append(json: body) {
                buffer.truncate(to: start)
                buffer.append(pieces.bodyBase64)
                buffer.append(base64: body)
                buffer.write(atMost: 1) { $0.append(0x22) }
            }
        }
        append(pieces.bodyLength, message.body.length, &buffer)
        append(pieces.decodedLength, message.body.decodedLength, &buffer)
        if !message.body.codings.isEmpty { append(codings: message.body.codings, &buffer) }
        if !message.body.digest.isEmpty { append(digest: message.body.digest.span, &buffer) }
    }

    private func append(codings: [ContentCoding], _ buffer: inout OctetBuffer) {
        let names = codings.map { $0 == .permessageDeflate ? "permessage-deflate" : "\($0)" }
        buffer.append(",\"decoded\":[" + names.map(JSONText.quoted).joined(separator: ",") + "]")
    }

    private func append(digest: Span<UInt8>, _ buffer: inout OctetBuffer) {
        buffer.append(",\"body_sha256\":\"")
        buffer.write(atMost: 2 * digest.count + 1) { writer in
            for index in digest.indices { writer.append(twoHexDigits: digest[index]) }
            writer.append(0x22)
        }
    }

    private func append(webSocket message: borrowing Message, _ buffer: inout OctetBuffer) {
        if let name = WebSocketNames.opcode(message.code) {
            buffer.append(",\"opcode\":\"\(name)\"")
        } else {
            buffer.append(",\"opcode\":\(message.code)")
        }
        if message.flags > 0 { buffer.append(",\"frames\":\(message.flags)") }
        if let code = WebSocketNames.closeCode(message) { buffer.append(",\"close_code\":\(code)") }
    }

    private func append(gap message: borrowing Message, _ buffer: inout OctetBuffer) {
        guard let length = message.gapLength else { return buffer.append(",\"length\":null") }
        buffer.append(",\"length\":")
        buffer.append(decimal: length)
    }

    @inline(__always)
    func append(_ name: OctetPiece, _ value: UInt64, _ buffer: inout OctetBuffer) {
        buffer.write(atMost: 64) { writer in
            writer.append(name)
            writer.append(decimal: value)
        }
    }
}

/// Members whose octets were no UTF-8 and are written as Latin-1.
struct Latin1Members: OptionSet {
    let rawValue: UInt8

    static let comm = Latin1Members(rawValue: 1)
    static let method = Latin1Members(rawValue: 2)
    static let target = Latin1Members(rawValue: 4)
    static let host = Latin1Members(rawValue: 8)
    static let reason = Latin1Members(rawValue: 16)

    var names: [String] {
        let all: [(Latin1Members, String)] = [
            (.comm, "comm"), (.method, "method"), (.target, "target"), (.host, "host"),
            (.reason, "reason"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}

extension OctetWriter {
    /// - Returns: false where the element was no UTF-8.
    @inline(__always)
    @_lifetime(self: copy self)
    fileprivate mutating func append(jsonElement octets: Span<UInt8>, isUnknown: Bool) -> Bool {
        if !isUnknown { return append(jsonAny: octets) }
        append(word: 0x6C6C_756E, count: 4)  // null
        return true
    }
}

extension OctetBuffer {
    @inline(__always) mutating func append(_ piece: borrowing OctetPiece) {
        write(atMost: piece.count) { $0.append(piece) }
    }
}

extension Span where Element == UInt8 {
    /// Printable ASCII without `"` and `\`: a JSON string as it is.
    var isPlainJSON: Bool {
        for index in indices where self[index] &- 0x20 >= 0x5F || self[index] == 0x22 || self[index] == 0x5C {
            return false
        }
        return true
    }
}

extension [UInt8] {
    init(copying octets: Span<UInt8>) {
        self.init(capacity: octets.count) { output in
            for index in octets.indices { output.append(octets[index]) }
        }
    }
}
