import Events
import TLS

/// Makes the octets of a TLS connection, both directions, as its ends would send them; sealed with `ToyCryptography`.
///
///     var conversation = TLSConversation(.tls13, suite: 0x1301)
///     conversation.handshake()
///     conversation.say("GET / HTTP/1.1\r\n\r\n", .sent)
public struct TLSConversation {
    public struct Piece: Sendable {
        public var direction: Direction
        public var octets: [UInt8]
        /// What application data is in it.
        public var plaintext: [UInt8] = []
    }

    /// Whole records, in the order in which they are sent.
    public private(set) var pieces: [Piece] = []
    /// Lines of a key log.
    public private(set) var keyLog = ""

    /// What the key log gives of a connection up to TLS 1.2.
    public enum Logged: CaseIterable, Sendable {
        case master, encryptedPreMaster, preMasterOfRandom, session
    }

    public var logged = Logged.master
    /// The master secret is bound to the handshake (RFC 7627).
    public var isExtended = false
    /// Of the session, up to TLS 1.2.
    public var sessionID: [UInt8] = []

    public let version: TLSVersion
    public let suite: CipherSuite
    public let clientRandom: [UInt8]
    public let serverRandom: [UInt8]
    private let algorithms: CipherSuite.Algorithms
    private let toy = ToyCryptography()
    private var sent = Side()
    private var received = Side()
    private var master: [UInt8] = []

    private struct Side {
        var secret: [UInt8] = []
        var key: [UInt8] = []
        var vector: [UInt8] = []
        var sequence: UInt64 = 0
    }

    /// - Parameter seed: different for connections that are to have different randoms and secrets.
    public init(_ version: TLSVersion, suite: UInt16, seed: UInt64 = 1) {
        self.version = version
        self.suite = CipherSuite(rawValue: suite)
        guard let algorithms = self.suite.algorithms else { preconditionFailure("a suite that can be decrypted") }
        self.algorithms = algorithms
        clientRandom = ToyCryptography.stretched(seed, 32)
        serverRandom = ToyCryptography.stretched(seed &+ 1_000, 32)
    }

    private subscript(direction: Direction) -> Side {
        get { direction == .sent ? sent : received }
        set { if direction == .sent { sent = newValue } else { received = newValue } }
    }

    public var client: Direction { .sent }

    // MARK: - The handshake

    /// Everything before application data.
    ///
    /// - Parameters:
    ///   - early: sent before the server has answered (TLS 1.3).
    ///   - takesEarly: the server takes that; otherwise it passes it over, and the client does not end it.
    public mutating func handshake(
        serverName: String = "example.com", early: [UInt8] = [], takesEarly: Bool = true
    ) {
        let hello = clientHello(serverName, offersEarlyData: !early.isEmpty)
        append(22, Self.message(1, hello), .sent)
        if !early.isEmpty {
            use(secret("CLIENT_EARLY_TRAFFIC_SECRET", 7), .sent)
            seal(23, early, .sent, plaintext: early)
        }
        append(22, Self.message(2, serverHello), .received)
        if version == .tls13 {
            finish13(hasEarlyData: !early.isEmpty && takesEarly)
        } else {
            finish12()
        }
    }

    private mutating func finish13(hasEarlyData: Bool) {
        append(20, [1], .received)
        use(secret("SERVER_HANDSHAKE_TRAFFIC_SECRET", 3), .received)
        // EncryptedExtensions with ALPN h2, and Finished, in one record.
        let list: [UInt8] = [0, 16, 0, 5, 0, 3, 2, 0x68, 0x32] + (hasEarlyData ? [0, 42, 0, 0] : [])
        let extensions = [0, UInt8(list.count)] + list
        seal(22, Self.message(8, extensions) + Self.message(20, [UInt8](repeating: 9, count: 32)), .received)
        let clientSecret = secret("CLIENT_HANDSHAKE_TRAFFIC_SECRET", 2)
        if hasEarlyData { seal(22, Self.message(5, []), .sent) }
        append(20, [1], .sent)
        use(clientSecret, .sent)
        seal(22, Self.message(20, [UInt8](repeating: 8, count: 32)), .sent)
        use(secret("CLIENT_TRAFFIC_SECRET_0", 4), .sent)
        use(secret("SERVER_TRAFFIC_SECRET_0", 5), .received)
    }

    private mutating func finish12() {
        append(22, Self.message(14, []), .received)
        let encrypted = ToyCryptography.stretched(UInt64(clientRandom[0]) &+ 78, 128)
        append(22, Self.message(16, Self.vector16(encrypted)), .sent)
        let secret = ToyCryptography.stretched(UInt64(clientRandom[0]) &+ 77, 48)
        let master =
            isExtended ? extendedMaster(secret) : prf12(secret, "master secret", clientRandom + serverRandom, 48)
        switch logged {
        case .master: log("CLIENT_RANDOM", master)
        case .preMasterOfRandom: log("PMS_CLIENT_RANDOM", secret)
        case .encryptedPreMaster:
            keyLog += "RSA \(Self.hexadecimal(Array(encrypted[..<8]))) \(Self.hexadecimal(secret))\n"
        case .session:
            keyLog += "RSA Session-ID:\(Self.hexadecimal(sessionID)) Master-Key:\(Self.hexadecimal(master))\n"
        }
        changeCiphers12(master)
    }

    /// The session hash is that of the plain records so far.
    private func extendedMaster(_ secret: [UInt8]) -> [UInt8] {
        let messages = pieces.flatMap { $0.octets[5...] }
        return prf12(secret, "extended master secret", toy.digest(algorithms.schedule, messages.span), 48)
    }

    /// The session of another conversation goes on: without a key exchange, and without a line in the key log.
    public mutating func resume(_ other: TLSConversation) {
        sessionID = other.sessionID
        append(22, Self.message(1, clientHello("example.com", offersEarlyData: false)), .sent)
        append(22, Self.message(2, serverHello), .received)
        changeCiphers12(other.master)
    }

    private mutating func changeCiphers12(_ master: [UInt8]) {
        self.master = master
        let vectorOctets = algorithms.cipher == .chaCha20Poly1305 ? 12 : 4
        let keyOctets = algorithms.cipher.keyOctets
        let block = prf12(master, "key expansion", serverRandom + clientRandom, 2 * (keyOctets + vectorOctets))
        for (side, direction) in [Direction.sent, .received].enumerated() {
            append(20, [1], direction)
            self[direction].key = Array(block[side * keyOctets..<(side + 1) * keyOctets])
            let start = 2 * keyOctets + side * vectorOctets
            self[direction].vector = Array(block[start..<start + vectorOctets])
            self[direction].sequence = 0
            seal(22, Self.message(20, [UInt8](repeating: 7, count: 12)), direction)
        }
    }

    private func clientHello(_ serverName: String, offersEarlyData: Bool) -> [UInt8] {
        let name = Array(serverName.utf8)
        var extensions: [UInt8] = []
        func add(_ type: UInt16, _ value: [UInt8]) { extensions += Self.number(type) + Self.vector16(value) }
        add(0, Self.vector16([0] + Self.vector16(name)))
        add(16, Self.vector16([2, 0x68, 0x32]))
        add(10, Self.vector16(Self.number(29)))
        add(13, Self.vector16(Self.number(0x0403)))
        if version == .tls13 { add(43, [2] + Self.number(0x0304)) }
        if offersEarlyData { add(42, []) }
        return Self.number(0x0303) + clientRandom + [0] + Self.vector16(Self.number(suite.rawValue)) + [1, 0]
            + Self.vector16(extensions)
    }

    private var serverHello: [UInt8] {
        var extensions = version == .tls13 ? Self.number(43) + Self.vector16(Self.number(0x0304)) : []
        if isExtended { extensions += Self.number(23) + Self.vector16([]) }
        return Self.number(0x0303) + serverRandom + [UInt8(sessionID.count)] + sessionID + Self.number(suite.rawValue)
            + [0]
            + Self.vector16(extensions)
    }

    // MARK: - After it

    /// Application data in one record.
    ///
    /// - Parameter padding: zeros behind it (TLS 1.3).
    public mutating func say(_ octets: [UInt8], _ direction: Direction, padding: Int = 0) {
        seal(23, octets, direction, plaintext: octets, padding: padding)
    }

    /// A message that changes the sender's key (RFC 8446 § 4.6.3).
    public mutating func updateKey(_ direction: Direction) {
        seal(22, Self.message(24, [0]), direction)
        use(expandLabel(self[direction].secret, "traffic upd", algorithms.schedule.octets), direction)
    }

    public mutating func close(_ direction: Direction) { seal(21, [1, 0], direction) }

    // MARK: - Records

    private mutating func append(_ type: UInt8, _ fragment: [UInt8], _ direction: Direction, _ plaintext: [UInt8] = [])
    {
        pieces.append(
            Piece(
                direction: direction, octets: [type, 3, 3] + Self.vector16(fragment), plaintext: plaintext))
    }

    private mutating func seal(
        _ type: UInt8, _ content: [UInt8], _ direction: Direction, plaintext: [UInt8] = [], padding: Int = 0
    ) {
        let side = self[direction]
        self[direction].sequence += 1
        let cipher = algorithms.cipher
        let sequence = (0..<8).map { UInt8(truncatingIfNeeded: side.sequence >> UInt64(56 - 8 * $0)) }
        if version == .tls13 {
            let inner = content + [type] + [UInt8](repeating: 0, count: padding)
            let length = inner.count + cipher.tagOctets
            let sealed = ToyCryptography.seal(
                inner, cipher, key: side.key, nonce: Self.mixed(side.vector, sequence),
                additional: [23, 3, 3] + Self.number(UInt16(length)))
            append(23, sealed, direction, plaintext)
            return
        }
        let additional = sequence + [type, 3, 3] + Self.number(UInt16(content.count))
        if cipher == .chaCha20Poly1305 {
            let nonce = Self.mixed(side.vector, sequence)
            append(
                type,
                ToyCryptography.seal(content, cipher, key: side.key, nonce: nonce, additional: additional), direction,
                plaintext)
        } else {
            let explicit = sequence.map { $0 ^ 0x5A }
            let sealed = ToyCryptography.seal(
                content, cipher, key: side.key, nonce: side.vector + explicit, additional: additional)
            append(type, explicit + sealed, direction, plaintext)
        }
    }

    private static func mixed(_ vector: [UInt8], _ sequence: [UInt8]) -> [UInt8] {
        vector.prefix(4) + zip(vector.dropFirst(4), sequence).map { $0 ^ $1 }
    }

    // MARK: - Keys, as RFC 8446 § 7.1 and RFC 5246 § 5 have them

    private mutating func secret(_ label: String, _ number: UInt64) -> [UInt8] {
        let secret = ToyCryptography.stretched(UInt64(clientRandom[0]) &* 31 &+ number, algorithms.schedule.octets)
        log(label, secret)
        return secret
    }

    private mutating func log(_ label: String, _ secret: [UInt8]) {
        keyLog += "\(label) \(Self.hexadecimal(clientRandom)) \(Self.hexadecimal(secret))\n"
    }

    private mutating func use(_ secret: [UInt8], _ direction: Direction) {
        self[direction] = Side(
            secret: secret, key: expandLabel(secret, "key", algorithms.cipher.keyOctets),
            vector: expandLabel(secret, "iv", 12))
    }

    private func expandLabel(_ secret: [UInt8], _ label: String, _ count: Int) -> [UInt8] {
        let name = Array("tls13 ".utf8) + Array(label.utf8)
        let info = Self.number(UInt16(count)) + [UInt8(name.count)] + name + [0]
        var output: [UInt8] = []
        var block: [UInt8] = []
        while output.count < count {
            let input = block + info + [UInt8(output.count / algorithms.schedule.octets + 1)]
            block = toy.authenticationCode(algorithms.schedule, key: secret.span, input.span)
            output += block
        }
        return Array(output.prefix(count))
    }

    private func prf12(_ secret: [UInt8], _ label: String, _ seed: [UInt8], _ count: Int) -> [UInt8] {
        let seed = Array(label.utf8) + seed
        var output: [UInt8] = []
        var chain = seed
        while output.count < count {
            chain = toy.authenticationCode(algorithms.schedule, key: secret.span, chain.span)
            output += toy.authenticationCode(algorithms.schedule, key: secret.span, (chain + seed).span)
        }
        return Array(output.prefix(count))
    }

    // MARK: - Octets

    static func number(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }

    static func vector16(_ octets: [UInt8]) -> [UInt8] { number(UInt16(octets.count)) + octets }

    public static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        [
            type, UInt8(body.count >> 16), UInt8(truncatingIfNeeded: body.count >> 8),
            UInt8(truncatingIfNeeded: body.count),
        ]
            + body
    }

    public static func hexadecimal(_ octets: [UInt8]) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
