/// The names of HTTP/2's code points (RFC 9113 § 6, § 7; RFC 9218, RFC 7838, RFC 8336). Every number is legal; only
/// some have names.
enum HTTP2FrameNames {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let reset: UInt8 = 3
    static let settings: UInt8 = 4
    static let pushPromise: UInt8 = 5
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9

    static func type(_ code: UInt8) -> String? {
        switch code {
        case data: "DATA"
        case headers: "HEADERS"
        case priority: "PRIORITY"
        case reset: "RST_STREAM"
        case settings: "SETTINGS"
        case pushPromise: "PUSH_PROMISE"
        case ping: "PING"
        case goAway: "GOAWAY"
        case windowUpdate: "WINDOW_UPDATE"
        case continuation: "CONTINUATION"
        case 10: "ALTSVC"
        case 12: "ORIGIN"
        case 16: "PRIORITY_UPDATE"
        default: nil
        }
    }

    /// The flags that mean something in frames of this type, and the bits that are left.
    static func flags(_ flags: UInt8, of type: UInt8) -> (names: [String], rest: UInt8) {
        var known: [(bit: UInt8, name: String)] = []
        switch type {
        case data: known = [(0x1, "END_STREAM"), (0x8, "PADDED")]
        case headers: known = [(0x1, "END_STREAM"), (0x4, "END_HEADERS"), (0x8, "PADDED"), (0x20, "PRIORITY")]
        case settings, ping: known = [(0x1, "ACK")]
        case pushPromise: known = [(0x4, "END_HEADERS"), (0x8, "PADDED")]
        case continuation: known = [(0x4, "END_HEADERS")]
        default: break
        }
        let set = known.filter { flags & $0.bit != 0 }
        return (set.map(\.name), set.reduce(flags) { $0 & ~$1.bit })
    }

    static func setting(_ code: UInt16) -> String? {
        switch code {
        case 1: "HEADER_TABLE_SIZE"
        case 2: "ENABLE_PUSH"
        case 3: "MAX_CONCURRENT_STREAMS"
        case 4: "INITIAL_WINDOW_SIZE"
        case 5: "MAX_FRAME_SIZE"
        case 6: "MAX_HEADER_LIST_SIZE"
        case 8: "ENABLE_CONNECT_PROTOCOL"
        case 9: "NO_RFC7540_PRIORITIES"
        default: nil
        }
    }

    static func error(_ code: UInt32) -> String? {
        let names = [
            "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
            "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
            "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
        ]
        return Int(code) < names.count ? names[Int(code)] : nil
    }
}
