/// The names of HTTP/2's code points, as people know them. An unknown one has none.
public enum HTTP2CodePoints {
    /// Frame types (RFC 9113 § 6, RFC 7838, RFC 8336, RFC 9218).
    public static func frameTypeName(_ type: UInt8) -> String? {
        switch type {
        case 0: "DATA"
        case 1: "HEADERS"
        case 2: "PRIORITY"
        case 3: "RST_STREAM"
        case 4: "SETTINGS"
        case 5: "PUSH_PROMISE"
        case 6: "PING"
        case 7: "GOAWAY"
        case 8: "WINDOW_UPDATE"
        case 9: "CONTINUATION"
        case 10: "ALTSVC"
        case 12: "ORIGIN"
        case 16: "PRIORITY_UPDATE"
        default: nil
        }
    }

    /// Settings (RFC 9113 § 6.5.2, RFC 8441, RFC 9218).
    public static func settingName(_ identifier: UInt16) -> String? {
        switch identifier {
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

    /// Error codes (RFC 9113 § 7).
    public static func errorName(_ code: UInt32) -> String? {
        let names = [
            "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
            "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR",
            "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
        ]
        return code < names.count ? names[Int(code)] : nil
    }
}
