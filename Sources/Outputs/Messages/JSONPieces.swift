import AppProtocols
import Octets

/// What is the same in many records: names of members with the punctuation around them.
struct JSONPieces: Sendable {
    let uuid = OctetPiece(",\"uuid\":\"")
    let pid = OctetPiece(",\"pid\":")
    let tid = OctetPiece(",\"tid\":")
    let comm = OctetPiece(",\"comm\":")
    let fd = OctetPiece(",\"fd\":")
    let sent = OctetPiece(",\"direction\":\"sent\"")
    let received = OctetPiece(",\"direction\":\"received\"")
    let source = OctetPiece(",\"src\":\"")
    let destination = OctetPiece("\",\"dst\":\"")
    let stream = OctetPiece(",\"stream\":")
    let method = OctetPiece(",\"method\":")
    let target = OctetPiece(",\"target\":")
    let host = OctetPiece(",\"host\":")
    let status = OctetPiece(",\"status\":")
    let reason = OctetPiece(",\"reason\":")
    let headers = OctetPiece(",\"headers\":[")
    let trailers = OctetPiece(",\"trailers\":[")
    let body = OctetPiece(",\"body\":")
    let bodyBase64 = OctetPiece(",\"body_base64\":\"")
    let bodyLength = OctetPiece(",\"body_length\":")
    let decodedLength = OctetPiece(",\"decoded_length\":")
    let complete = OctetPiece(",\"complete\":true")
    let incomplete = OctetPiece(",\"complete\":false")

    private let http10 = OctetPiece(",\"version\":\"HTTP/1.0\"")
    private let http11 = OctetPiece(",\"version\":\"HTTP/1.1\"")
    private let http2 = OctetPiece(",\"version\":\"HTTP/2\"")

    /// By `MessageKind.rawValue`: the brace, the type, and the time's name.
    private let starts: [OctetPiece] = {
        var starts = [OctetPiece](repeating: OctetPiece(""), count: 19)
        for kind in MessageKind.allCases {
            starts[Int(kind.rawValue)] = OctetPiece("{\"type\":\"\(kind.recordType)\",\"time\":")
        }
        return starts
    }()

    func start(_ message: borrowing Message) -> OctetPiece { starts[Int(message.kind.rawValue)] }

    func version(_ version: UInt8) -> OctetPiece? {
        switch version {
        case 11: http11
        case 10: http10
        case 20: http2
        default: nil
        }
    }

    /// Which element of a pair was no UTF-8.
    func latin1Mark(name isName: Bool, value isValue: Bool) -> String {
        isName ? ",\"latin1\"" : isValue ? ",\"latin1_name\"" : ",\"latin1_both\""
    }
}

extension MessageKind {
    /// The `type` of its JSON records.
    public var recordType: String {
        switch self {
        case .raw: "raw"
        case .http1Request: "http_request"
        case .http2Request: "http2_request"
        case .http1Response: "http_response"
        case .http2Response: "http2_response"
        case .webSocket: "websocket_message"
        case .grpc: "grpc_message"
        case .gap: "gap"
        case .http2Frame: "http2_frame"
        }
    }
}
