/// What a handshake up to TLS 1.2 shows of how the master secret comes about (RFC 5246 § 8.1, RFC 7627): what is needed
/// to derive it from a pre-master secret.
struct KeyExchange {
    /// Messages are kept up to here; chains of certificates have some thousand octets.
    static let transcriptOctetsMax = 64 << 10
    private static let headerOctets = HandshakeAssembler.headerOctets

    /// The pre-master secret as the client has encrypted it, as far as a key log tells of it; of other exchanges the
    /// beginning of what stands there.
    private(set) var encrypted: [UInt8] = []
    /// Once it was derived.
    var master: [UInt8] = []
    /// The messages of each end, with their headers: they come in this order, whatever order they are captured in.
    private var hello: [UInt8] = []
    private var server: [UInt8] = []
    private var client: [UInt8] = []
    private var isServerDone = false
    private var isClientDone = false
    private var isIncomplete = false

    /// Takes a message, in the order of its direction.
    ///
    /// - Parameter keeps: the messages themselves are wanted.
    mutating func take(_ message: HandshakeAssembler.Message, fromClient: Bool, keeps: Bool) {
        switch message.type {
        case .clientHello:
            self = KeyExchange()
            isIncomplete = !keeps
            append(message, to: \.hello)
        case .helloRequest: break  // no part of it (RFC 5246 § 7.4.1.1)
        case .finished:
            // A session that is resumed has no key exchange.
            if !isClientDone || !isServerDone { forget() }
        case _ where fromClient:
            guard !isClientDone else { return }
            append(message, to: \.client)
            guard message.type == .clientKeyExchange else { return }
            // Behind a length of two octets, which only SSL 3.0 has not (§ 7.4.7.1).
            encrypted = Array(message.body.dropFirst(2).prefix(KeyLog.encryptedOctets))
            isClientDone = true
        default:
            guard !isServerDone else { return }
            append(message, to: \.server)
            isServerDone = message.type == .serverHelloDone
        }
    }

    private mutating func append(_ message: HandshakeAssembler.Message, to part: WritableKeyPath<Self, [UInt8]>) {
        guard !isIncomplete else { return }
        let octets = hello.count + server.count + client.count + Self.headerOctets + message.body.count
        guard octets <= Self.transcriptOctetsMax else { return forget() }
        let count = message.body.count
        self[keyPath: part] += [
            message.type.rawValue, UInt8(truncatingIfNeeded: count >> 16), UInt8(truncatingIfNeeded: count >> 8),
            UInt8(truncatingIfNeeded: count),
        ]
        self[keyPath: part] += message.body
    }

    /// The messages are not needed any more, or one is missing.
    mutating func forget() {
        (hello, server, client) = ([], [], [])
        isIncomplete = true
    }

    /// What the session hash is made of (RFC 7627 § 3): all messages up to ClientKeyExchange; `nil` where they are not
    /// all there.
    var transcript: [UInt8]? {
        isIncomplete || !isServerDone || !isClientDone || hello.isEmpty ? nil : hello + server + client
    }
}
