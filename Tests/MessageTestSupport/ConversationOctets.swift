/// Octets of HTTP/1 and HTTP/2 conversations, from what they say.
public enum HTTP1Octets {
    public enum Framing: CaseIterable, Sendable { case length, chunks, none }

    /// A message with its body framed in one of the ways there are.
    public static func message(
        _ startLine: String, _ fields: [(String, String)], _ framing: Framing, body: [UInt8] = [],
        chunk: Int = 10, trailers: [(String, String)] = []
    ) -> [UInt8] {
        var fields = fields
        switch framing {
        case .length: fields.append(("Content-Length", "\(body.count)"))
        case .chunks: fields.append(("Transfer-Encoding", "chunked"))
        case .none: break
        }
        let lines = [startLine] + fields.map { "\($0.0): \($0.1)" }
        let head = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        switch framing {
        case .length: return head + body
        case .none: return head
        case .chunks:
            var octets = head
            var at = 0
            while at < body.count {
                let piece = body[at..<min(at + chunk, body.count)]
                octets += Array((String(piece.count, radix: 16) + "\r\n").utf8) + piece + [0x0D, 0x0A]
                at += piece.count
            }
            return octets + Array(("0\r\n" + trailers.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n").utf8)
        }
    }
}

/// Frames of RFC 9113.
public enum HTTP2Octets {
    public static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    public static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        let head = [payload.count >> 16, payload.count >> 8, payload.count].map { UInt8(truncatingIfNeeded: $0) }
        return head + [type, flags] + (0..<4).map { UInt8(truncatingIfNeeded: stream >> (24 - 8 * $0)) } + payload
    }

    /// HEADERS, the block's end in a CONTINUATION where `cut` lies inside it.
    public static func headers(_ stream: UInt32, _ block: [UInt8], isEnd: Bool, cut: Int? = nil) -> [UInt8] {
        let end: UInt8 = isEnd ? 1 : 0
        guard let cut, cut < block.count else { return frame(1, flags: 4 | end, stream: stream, block) }
        return frame(1, flags: end, stream: stream, Array(block[..<cut]))
            + frame(9, flags: 4, stream: stream, Array(block[cut...]))
    }

    public static func data(_ stream: UInt32, _ octets: [UInt8], isEnd: Bool, padding: Int? = nil) -> [UInt8] {
        let end: UInt8 = isEnd ? 1 : 0
        guard let padding else { return frame(0, flags: end, stream: stream, octets) }
        return frame(
            0, flags: 8 | end, stream: stream,
            [UInt8(padding)] + octets + [UInt8](repeating: 0, count: padding))
    }
}

/// A small encoder of header lists (RFC 7541): fields it has sent before by index, others as literals that enter the
/// table, without Huffman. Its table never evicts, so what it is given must fit into 4,096 octets.
public struct HeaderEncoder {
    private var table: [String] = []

    public init() {}

    public mutating func encode(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { encode($0.0, $0.1) }
    }

    private mutating func encode(_ name: String, _ value: String) -> [UInt8] {
        if let index = table.firstIndex(of: "\(name)\n\(value)"), index + 62 < 127 { return [0x80 | UInt8(index + 62)] }
        table.insert("\(name)\n\(value)", at: 0)
        return [0x40] + [name, value].flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    }
}
