import AppProtocols
import Octets

/// A message's octets as one run: head and body as they are shown, nothing escaped.
///
/// HTTP/1: the head as it was on the wire, then the decoded body. HTTP/2: a line `name: value` per header field, an
/// empty line, the body. Trailers stand behind, a line each. Others: the body.
enum MessagePayload {
    static func octetCount(of message: borrowing Message) -> Int {
        var count = message.body.octets.count + octetCount(of: message.trailers)
        switch message.kind {
        case .http1Request, .http1Response: count += message.isContinuation ? 0 : message.headers.octets.count
        case .http2Request, .http2Response:
            count += octetCount(of: message.headers) + (message.headers.isEmpty ? 0 : 1)
        default: break
        }
        return count
    }

    static func append(_ message: borrowing Message, to buffer: inout OctetBuffer) {
        switch message.kind {
        case .http1Request, .http1Response:
            if !message.isContinuation { buffer.append(run: message.headers.octets.span) }
        case .http2Request, .http2Response:
            append(message.headers, to: &buffer)
            if !message.headers.isEmpty { buffer.append("\n") }
        default: break
        }
        buffer.append(run: message.body.octets.span)
        append(message.trailers, to: &buffer)
    }

    /// Names and values, a colon, a space and a line end each.
    private static func octetCount(of list: borrowing HeaderList) -> Int {
        if list.areLines { return list.octets.count }
        var count = 0
        for field in list.fields {
            count += field.marks.contains(.unknownName) ? unknown.utf8.count : Int(field.name.count)
            count += field.marks.contains(.unknownValue) ? unknown.utf8.count : Int(field.value.count)
            count += 3
        }
        return count
    }

    private static func append(_ list: borrowing HeaderList, to buffer: inout OctetBuffer) {
        if list.areLines { return buffer.append(run: list.octets.span) }
        for field in list.fields {
            append(field.name, of: list, isUnknown: field.marks.contains(.unknownName), to: &buffer)
            buffer.append(": ")
            append(field.value, of: list, isUnknown: field.marks.contains(.unknownValue), to: &buffer)
            buffer.append("\n")
        }
    }

    private static func append(
        _ extent: HeaderList.Extent, of list: borrowing HeaderList, isUnknown: Bool, to buffer: inout OctetBuffer
    ) {
        if isUnknown { buffer.append(unknown) } else { buffer.append(run: list.span(of: extent)) }
    }

    private static let unknown = "[unknown]"
}

extension OctetBuffer {
    /// Appends a copy, eight octets at a time.
    mutating func append(run source: Span<UInt8>) {
        write(atMost: source.count) { writer in
            var index = 0
            while index <= source.count &- 8 {
                writer.append(word: source.word(at: index), count: 8)
                index &+= 8
            }
            while index < source.count {
                writer.append(source[index])
                index &+= 1
            }
        }
    }
}
