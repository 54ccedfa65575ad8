import Octets

/// What a frame says, as text for people: a line for each thing.
struct HTTP2FrameText {
    private let frame: HTTP2FrameHeader
    private let padding: Int
    /// Octets of a payload shown in hexadecimal.
    private static let hexadecimalMax = 64

    init(_ frame: HTTP2FrameHeader, padding: Int) {
        self.frame = frame
        self.padding = padding
    }

    /// - Parameter isWhole: the payload is as long and as its type asks for.
    func append(_ payload: Span<UInt8>, list: HeaderList?, isWhole: Bool, to text: inout [UInt8]) {
        appendFlags(to: &text)
        guard isWhole else { return appendHexadecimal(payload, to: &text) }
        switch frame.type {
        case .data: appendPadding(padding, to: &text)
        case .headers, .pushPromise, .continuation: appendHeaders(payload, list, to: &text)
        case .priority: appendPriority(payload, at: 0, to: &text)
        case .resetStream: appendError(payload.bigEndian32(at: 0), to: &text)
        case .settings: appendSettings(payload, to: &text)
        case .ping: appendHexadecimal(payload, to: &text)
        case .goAway:
            append("last stream", payload.bigEndian32(at: 0) & 0x7FFF_FFFF, to: &text)
            appendError(payload.bigEndian32(at: 4), to: &text)
            if payload.count > 8 {
                text.append(text: "debug data: ")
                text.append(contentsOf: payload.extracting(8...))
                text.append(0x0A)
            }
        case .windowUpdate: append("increment", payload.bigEndian32(at: 0) & 0x7FFF_FFFF, to: &text)
        default: appendHexadecimal(payload, to: &text)
        }
    }

    private func appendFlags(to text: inout [UInt8]) {
        let start = text.count
        func flag(_ bit: UInt8, _ name: StaticString) {
            guard frame.flags & bit != 0 else { return }
            if text.count > start { text.append(0x20) }
            text.append(text: name)
        }
        switch frame.type {
        case .data, .headers: flag(0x01, "END_STREAM")
        case .settings, .ping: flag(0x01, "ACK")
        default: break
        }
        switch frame.type {
        case .headers, .pushPromise, .continuation: flag(0x04, "END_HEADERS")
        default: break
        }
        switch frame.type {
        case .data, .headers, .pushPromise: flag(0x08, "PADDED")
        default: break
        }
        if frame.type == .headers { flag(0x20, "PRIORITY") }
        if text.count > start { text.append(0x0A) }
    }

    private func appendHeaders(_ payload: Span<UInt8>, _ list: HeaderList?, to text: inout [UInt8]) {
        var at = 0
        if frame.type != .continuation, frame.isPadded, !payload.isEmpty {
            appendPadding(Int(payload[0]), to: &text)
            at = 1
        }
        if frame.type == .headers, frame.hasPriority { appendPriority(payload, at: at, to: &text) }
        if frame.type == .pushPromise, payload.count >= at + 4 {
            append("promised stream", payload.bigEndian32(at: at) & 0x7FFF_FFFF, to: &text)
        }
        guard let list else { return }
        for field in list.fields {
            if field.marks.contains(.unknownName) {
                text.append(text: "<unknown>")
            } else {
                text.append(contentsOf: list.span(of: field.name))
            }
            text.append(text: ": ")
            if field.marks.contains(.unknownValue) {
                text.append(text: "<unknown>")
            } else {
                text.append(contentsOf: list.span(of: field.value))
            }
            if field.marks.contains(.neverIndexed) { text.append(text: " (sensitive)") }
            text.append(0x0A)
        }
    }

    private func appendPriority(_ payload: Span<UInt8>, at offset: Int, to text: inout [UInt8]) {
        guard payload.count >= offset + 5 else { return }
        let dependency = payload.bigEndian32(at: offset)
        append("depends on stream", dependency & 0x7FFF_FFFF, to: &text)
        append("weight", UInt32(payload[offset + 4]) + 1, to: &text)
        if dependency >> 31 != 0 { text.append(text: "exclusive\n") }
    }

    private func appendSettings(_ payload: Span<UInt8>, to text: inout [UInt8]) {
        for at in stride(from: 0, to: payload.count, by: 6) {
            let identifier = payload.bigEndian16(at: at)
            if let name = HTTP2CodePoints.settingName(identifier) {
                text.append(contentsOf: name.utf8)
            } else {
                text.append(text: "setting ")
                text.append(decimal: UInt64(identifier))
            }
            text.append(text: ": ")
            text.append(decimal: UInt64(payload.bigEndian32(at: at + 2)))
            text.append(0x0A)
        }
    }

    private func appendError(_ code: UInt32, to text: inout [UInt8]) {
        text.append(text: "error: ")
        if let name = HTTP2CodePoints.errorName(code) {
            text.append(contentsOf: name.utf8)
            text.append(0x20)
        }
        text.append(0x28)
        text.append(decimal: UInt64(code))
        text.append(text: ")\n")
    }

    private func append(_ name: StaticString, _ value: UInt32, to text: inout [UInt8]) {
        text.append(text: name)
        text.append(text: ": ")
        text.append(decimal: UInt64(value))
        text.append(0x0A)
    }

    private func appendPadding(_ count: Int, to text: inout [UInt8]) {
        if count > 0 { append("padding", UInt32(count), to: &text) }
    }

    private func appendHexadecimal(_ payload: Span<UInt8>, to text: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        guard !payload.isEmpty else { return }
        for index in 0..<min(payload.count, Self.hexadecimalMax) {
            text.append(digits[Int(payload[index] >> 4)])
            text.append(digits[Int(payload[index] & 15)])
        }
        if payload.count > Self.hexadecimalMax { text.append(text: "...") }
        text.append(0x0A)
    }
}
