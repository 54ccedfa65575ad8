import Octets

/// Puts handshake messages together: one may be spread over records, and one record hold several (RFC 8446 § 5.1).
struct HandshakeAssembler {
    struct Message {
        var type: HandshakeType
        /// Without the header of four octets.
        var body: [UInt8]
    }

    /// Chains of certificates stay far below; longer messages are passed over.
    static let messageOctetsMax = 256 << 10
    static let headerOctets = 4

    private var held: [UInt8] = []
    /// Octets still to come of a message that is too long.
    private var toPass = 0

    var waitingOctets: Int { held.count }

    mutating func append(_ fragment: Span<UInt8>) {
        let passed = min(toPass, fragment.count)
        toPass -= passed
        held.append(contentsOf: fragment.extracting(passed..<fragment.count))
    }

    /// The next whole message.
    mutating func next() -> Message? {
        guard held.count >= Self.headerOctets else { return nil }
        let length = Int(held[1]) << 16 | Int(held[2]) << 8 | Int(held[3])
        let count = Self.headerOctets + length
        guard length <= Self.messageOctetsMax else {
            toPass = max(count - held.count, 0)
            held.removeFirst(min(count, held.count))
            return next()
        }
        guard held.count >= count else { return nil }
        let message = Message(
            type: HandshakeType(rawValue: held[0]), body: Array(held[Self.headerOctets..<count]))
        if held.count == count { held = [] } else { held.removeFirst(count) }
        return message
    }

    /// Octets are missing: what had begun will never be whole.
    mutating func cut() { self = HandshakeAssembler() }
}
