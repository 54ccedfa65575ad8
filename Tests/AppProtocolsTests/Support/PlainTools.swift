import AppProtocols

/// Codings a test can write by hand: gzip flips bit 5 of every octet and ends with a zero octet; 0xFF is damage.
/// permessage-deflate adds to each octet the number of octets before it (its context).
struct PlainTools: BodyTools {
    func makeDecoder(_ coding: ContentCoding) -> (any BodyDecoder)? {
        switch coding {
        case .gzip: FlipDecoder()
        case .permessageDeflate: ContextDecoder()
        default: nil
        }
    }
    func makeDigest() -> any BodyDigest { NoBodyTools().makeDigest() }

    static func gzip(_ text: String) -> [UInt8] { text.utf8.map { $0 ^ 0x20 } + [0] }

    /// - Parameter context: octets said before on this connection; advanced.
    static func deflate(_ text: String, _ context: inout UInt8) -> [UInt8] {
        text.utf8.map { octet in
            defer { context &+= 1 }
            return octet &+ context
        }
    }
}

private final class FlipDecoder: BodyDecoder {
    private(set) var hasEnded = false
    func decode(_ input: Span<UInt8>, into output: inout OutputSpan<UInt8>) throws(BodyDecodingFailure) -> Int {
        for index in input.indices {
            if output.freeCapacity == 0 { return index }
            if input[index] == 0xFF { throw .corrupt }
            if input[index] == 0 {
                hasEnded = true
                return index + 1
            }
            output.append(input[index] ^ 0x20)
        }
        return input.count
    }
}

private final class ContextDecoder: BodyDecoder {
    private var context: UInt8 = 0
    /// No message is open.
    private(set) var hasEnded = true

    func decode(_ input: Span<UInt8>, into output: inout OutputSpan<UInt8>) throws(BodyDecodingFailure) -> Int {
        for index in input.indices {
            if output.freeCapacity == 0 { return index }
            hasEnded = false
            output.append(input[index] &- context)
            context &+= 1
        }
        return input.count
    }

    func endMessage() throws(BodyDecodingFailure) { hasEnded = true }
}
