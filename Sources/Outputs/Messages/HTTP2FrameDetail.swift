import AppProtocols
import Octets

/// What an HTTP/2 frame says besides its head and DATA, read from its payload (RFC 9113 § 6). Header blocks are
/// shown by their length: their fields stand in the message that they belong to.
struct HTTP2FrameDetail {
    enum Item {
        case number(name: String, UInt64)
        case setting(code: UInt16, UInt32)
        case error(code: UInt32)
    }

    private(set) var items: [Item] = []
    /// The payload's part that has no form of its own: DATA, PING's octets, GOAWAY's debug data, all of unknown types,
    /// and of frames that break a rule.
    private(set) var rest: Range<Int>

    init(_ message: borrowing Message) {
        let payload = message.body.octets.span
        rest = 0..<payload.count
        switch message.code {
        case HTTP2FrameNames.data: addPadding(of: message)
        case HTTP2FrameNames.headers, HTTP2FrameNames.pushPromise, HTTP2FrameNames.continuation:
            addBlock(of: message)
        case HTTP2FrameNames.settings where payload.count.isMultiple(of: 6):
            for offset in stride(from: 0, to: payload.count, by: 6) {
                items.append(
                    .setting(code: payload.bigEndian16(at: offset), payload.bigEndian32(at: offset + 2)))
            }
            rest = payload.count..<payload.count
        case HTTP2FrameNames.reset where payload.count == 4:
            items = [.error(code: payload.bigEndian32(at: 0))]
            rest = 4..<4
        case HTTP2FrameNames.windowUpdate where payload.count == 4:
            addStream("increment", payload.bigEndian32(at: 0))
            rest = 4..<4
        case HTTP2FrameNames.goAway where payload.count >= 8:
            addStream("last_stream", payload.bigEndian32(at: 0))
            items.append(.error(code: payload.bigEndian32(at: 4)))
            rest = 8..<payload.count
        case HTTP2FrameNames.priority where payload.count == 5:
            addPriority(payload)
            rest = 5..<5
        default: break
        }
    }

    private mutating func addBlock(of message: borrowing Message) {
        let payload = message.body.octets.span
        let offset = message.headerBlockOffset
        guard message.isComplete, payload.count >= offset else { return }
        addPadding(of: message)
        if offset == 5 { addPriority(payload) }
        if offset == 4 { addStream("promised_stream", payload.bigEndian32(at: 0)) }
        items.append(.number(name: "header_block", message.body.decodedLength - UInt64(offset)))
        rest = payload.count..<payload.count
    }

    /// The length's own octet is not counted (§ 6.1).
    private mutating func addPadding(of message: borrowing Message) {
        let isPadded = message.flags & 0x8 != 0 && message.code != HTTP2FrameNames.continuation
        guard isPadded, message.isComplete, message.body.length > message.body.decodedLength else { return }
        items.append(.number(name: "padding", message.body.length - message.body.decodedLength - 1))
    }

    /// The first five octets (§ 6.3).
    private mutating func addPriority(_ payload: Span<UInt8>) {
        addStream("depends_on", payload.bigEndian32(at: 0))
        items.append(.number(name: "exclusive", UInt64(payload[0] >> 7)))
        items.append(.number(name: "weight", UInt64(payload[4]) + 1))
    }

    /// 31 bits; the first one is reserved or means something else.
    private mutating func addStream(_ name: String, _ value: UInt32) {
        items.append(.number(name: name, UInt64(value & 0x7FFF_FFFF)))
    }
}
