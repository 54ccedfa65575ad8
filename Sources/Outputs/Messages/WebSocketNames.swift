import AppProtocols
import Octets

/// The names of WebSocket's code points (RFC 6455 § 5.2, § 5.5.1).
enum WebSocketNames {
    static func opcode(_ code: UInt8) -> String? {
        switch code {
        case 0: "continuation"
        case 1: "text"
        case 2: "binary"
        case 8: "close"
        case 9: "ping"
        case 10: "pong"
        default: nil
        }
    }

    /// The status code that a close frame's body begins with.
    static func closeCode(_ message: borrowing Message) -> UInt16? {
        guard message.code == 8, message.body.octets.count >= 2 else { return nil }
        return message.body.octets.span.bigEndian16(at: 0)
    }
}
