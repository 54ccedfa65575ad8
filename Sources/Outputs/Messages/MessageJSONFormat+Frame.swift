import AppProtocols
import Octets

/// HTTP/2 frames: their head, values and payload.
extension MessageJSONFormat {
    func append(frame message: borrowing Message, _ buffer: inout OctetBuffer) {
        buffer.append(",\"frame\":")
        buffer.append(HTTP2CodePoints.frameTypeName(message.code).map(JSONText.quoted) ?? "null")
        buffer.append(",\"frame_type\":\(message.code),\"flags\":\(message.flags)")
        let names = HTTP2FrameNames.flags(message.flags, of: message.code).names
        buffer.append(",\"flag_names\":[" + names.map(JSONText.quoted).joined(separator: ",") + "]")
        let payload = message.body.octets.span
        let detail = HTTP2FrameDetail(message)
        append(detail.items, of: message.code, &buffer)
        append(payload: payload.extracting(detail.rest), &buffer)
        append(pieces.bodyLength, message.body.length, &buffer)
    }

    private func append(_ items: [HTTP2FrameDetail.Item], of type: UInt8, _ buffer: inout OctetBuffer) {
        if type == HTTP2FrameNames.settings {
            let settings = items.compactMap { item in
                if case .setting(let code, let value) = item {
                    "[\(HTTP2CodePoints.settingName(code).map(JSONText.quoted) ?? "\(code)"),\(value)]"
                } else {
                    nil
                }
            }
            buffer.append(",\"settings\":[" + settings.joined(separator: ",") + "]")
        }
        for item in items {
            switch item {
            case .number(let name, let value): buffer.append(",\"\(name)\":\(value)")
            case .error(let code):
                buffer.append(",\"error\":\(HTTP2CodePoints.errorName(code).map(JSONText.quoted) ?? "null")")
                buffer.append(",\"error_code\":\(code)")
            case .setting: break
            }
        }
    }

    private func append(payload: Span<UInt8>, _ buffer: inout OctetBuffer) {
        guard !payload.isEmpty else { return }
        let start = buffer.count
        buffer.append(pieces.body)
        if buffer.append(json: payload) { return }
        buffer.truncate(to: start)
        buffer.append(pieces.bodyBase64)
        buffer.append(base64: payload)
        buffer.append("\"")
    }
}
