/// HTTP/2 frames as messages: `code` is the frame's type, `body.octets` its payload without padding.
extension Message {
    /// Frames with a header block: octets of the payload in front of it: the priority of HEADERS (RFC 9113 § 6.2), the
    /// promised stream of PUSH_PROMISE (§ 6.6).
    public var headerBlockOffset: Int {
        switch code {
        case HTTP2FrameType.headers.rawValue where flags & 0x20 != 0: 5
        case HTTP2FrameType.pushPromise.rawValue: 4
        default: 0
        }
    }
}
