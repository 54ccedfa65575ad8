import AppProtocols
import Octets

/// HTTP/2 frames, one by one: head, values, payload.
extension MessageTextFormat {
    func append(frame message: borrowing Message, _ buffer: inout OctetBuffer, _ limit: inout TextLimit) {
        append(frameHeading: message, &buffer)
        let payload = message.body.octets.span
        let detail = HTTP2FrameDetail(message)
        for item in detail.items { append(item, &buffer) }
        append(body: payload.extracting(detail.rest), mayBeCut: true, &buffer, &limit)
    }

    private func append(frameHeading message: borrowing Message, _ buffer: inout OctetBuffer) {
        buffer.append("[HTTP/2 frame ")
        if let name = HTTP2CodePoints.frameTypeName(message.code) {
            buffer.append(name)
        } else {
            buffer.append("type ")
            buffer.append(decimal: UInt64(message.code))
        }
        buffer.append(", stream ")
        buffer.append(decimal: UInt64(message.streamID))
        let (names, rest) = HTTP2FrameNames.flags(message.flags, of: message.code)
        for name in names {
            buffer.append(", ")
            buffer.append(name)
        }
        if rest != 0 {
            buffer.append(", other flags 0x")
            buffer.write(atMost: 4) { $0.append(hexadecimal: UInt16(rest)) }
        }
        buffer.append(", ")
        buffer.append(decimal: message.body.length)
        buffer.append(" octets]\n")
    }

    private func append(_ item: HTTP2FrameDetail.Item, _ buffer: inout OctetBuffer) {
        switch item {
        case .number(let name, let value): buffer.append("\(name) = \(value)\n")
        case .setting(let code, let value):
            buffer.append("\(HTTP2CodePoints.settingName(code) ?? "setting \(code)") = \(value)\n")
        case .error(let code):
            buffer.append("error = \(HTTP2CodePoints.errorName(code).map { "\($0) (\(code))" } ?? "\(code)")\n")
        }
    }
}
