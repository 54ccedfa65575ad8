import AppProtocols
import Octets

/// What an HTTP/2 frame says besides its head, header fields and DATA, read from its payload (RFC 9113 § 6).
struct HTTP2FrameDetail {
    enum Item {
        case number(name: String, UInt64)
        case setting(code: UInt16, UInt32)
        case error(code: UInt32)
    }

    var items: [Item] = []
    /// The payload's part that has no form of its own: PING's octets, GOAWAY's debug data, all of unknown types.
    var rest: Range<Int>

    /// - Parameter payload: of the frame; for DATA without padding.
    init(type: UInt8, flags: UInt8, _ payload: Span<UInt8>) {
        rest = 0..<payload.count
        switch type {
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
            items = [.number(name: "increment", UInt64(payload.bigEndian32(at: 0) & 0x7FFF_FFFF))]
            rest = 4..<4
        case HTTP2FrameNames.goAway where payload.count >= 8:
            items = [
                .number(name: "last_stream", UInt64(payload.bigEndian32(at: 0) & 0x7FFF_FFFF)),
                .error(code: payload.bigEndian32(at: 4)),
            ]
            rest = 8..<payload.count
        case HTTP2FrameNames.priority where payload.count == 5:
            items = [
                .number(name: "depends_on", UInt64(payload.bigEndian32(at: 0) & 0x7FFF_FFFF)),
                .number(name: "exclusive", UInt64(payload[0] >> 7)),
                .number(name: "weight", UInt64(payload[4]) + 1),
            ]
            rest = 5..<5
        default: break
        }
    }
}
