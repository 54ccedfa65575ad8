import Events
import Octets

/// Which keys a direction uses, and when the next ones come (RFC 8446 § 7, RFC 5246 § 6.3).
extension TLSConnection {
    /// An updated application key, among `TLSHalf.later`: one more than any epoch.
    private static let updated = 4

    private var derivation: KeyDerivation { KeyDerivation(cryptography: workspace.cryptography) }

    private func isClient(_ direction: Direction) -> Bool { client == direction }

    /// What a key log calls the secret of an epoch.
    func label(_ epoch: TLSHalf.Epoch, _ direction: Direction) -> KeyLog.Label? {
        switch epoch {
        case .clear: nil
        case .early: isClient(direction) ? .clientEarlyTraffic : nil
        case .handshake: isClient(direction) ? .clientHandshakeTraffic : .serverHandshakeTraffic
        case .application: isClient(direction) ? .clientTraffic : .serverTraffic
        }
    }

    /// Looks for keys before a record is opened, where there are none yet.
    func prepare(_ direction: Direction) {
        guard client != nil, clientRandom != nil else { return }
        if isVersion13 == true, self[direction].epoch == .clear {
            let mayBeEarly = isClient(direction) && clientHello?.offersEarlyData == true
            enter(mayBeEarly ? .early : .handshake, direction)
        }
        // Keys may come later than the records they are for.
        guard self[direction].keysLookedAt != workspace.keys.generation else { return }
        self[direction].keysLookedAt = workspace.keys.generation
        if isVersion13 == true { lookForTrafficKeys(direction) } else { lookForBlockKeys(direction) }
    }

    // MARK: - TLS 1.3

    /// Begins an epoch: its records are numbered from 0.
    private func enter(_ epoch: TLSHalf.Epoch, _ direction: Direction) {
        self[direction].epoch = epoch
        self[direction].sequence = 0
        self[direction].secret = []
        self[direction].protections = []
        self[direction].keysLookedAt = nil
    }

    private func lookForTrafficKeys(_ direction: Direction) {
        guard let random = clientRandom, let secrets = workspace.keys.secrets(ofClientRandom: random) else { return }
        if self[direction].secret.isEmpty, let label = label(self[direction].epoch, direction) {
            self[direction].secret = secrets[label]
            self[direction].protections = protections(secrets[label])
        }
        self[direction].later = [:]
        for epoch in [TLSHalf.Epoch.handshake, .application] where epoch.rawValue > self[direction].epoch.rawValue {
            guard let label = label(epoch, direction) else { continue }
            self[direction].later[epoch.rawValue] = protections(secrets[label])
        }
        lookForUpdate(direction)
    }

    /// The key after the one in use, should KeyUpdate be missed.
    private func lookForUpdate(_ direction: Direction) {
        let half = self[direction]
        guard half.epoch == .application, !half.secret.isEmpty, let algorithm = Self.schedule(half.secret) else {
            return
        }
        let secret = derivation.expandLabel(algorithm, half.secret, "traffic upd", algorithm.octets)
        self[direction].later[Self.updated] = protections(secret)
    }

    /// The hash of a traffic secret's key schedule, by its length.
    private static func schedule(_ secret: [UInt8]) -> HashAlgorithm? {
        secret.count == HashAlgorithm.sha256.octets
            ? .sha256 : secret.count == HashAlgorithm.sha384.octets ? .sha384 : nil
    }

    /// What a traffic secret may open (§ 7.3): with the suite that the server chose, or before that is known with each
    /// suite that was offered and has keys of this length.
    private func protections(_ secret: [UInt8]) -> [RecordProtection] {
        guard !secret.isEmpty else { return [] }
        let suites: [CipherSuite]
        if let serverHello {
            suites = [serverHello.cipherSuite]
        } else {
            suites = (clientHello?.cipherSuites ?? []).filter { $0.rawValue >> 8 == 0x13 }
        }
        return suites.prefix(8).compactMap { suite in
            guard let algorithms = suite.algorithms, algorithms.schedule.octets == secret.count else { return nil }
            let derivation = derivation
            let cipher = algorithms.cipher
            let key = derivation.expandLabel(algorithms.schedule, secret, "key", cipher.keyOctets)
            let vector = derivation.expandLabel(
                algorithms.schedule, secret, "iv", RecordProtection.nonceOctets)
            guard vector.count == RecordProtection.nonceOctets else { return nil }
            return RecordProtection(.tls13, cipher, key: key, vector: vector, workspace.cryptography)
        }
    }

    /// A record was opened with keys of a later epoch.
    func enter(_ raw: Int, _ protection: RecordProtection, at sequence: UInt64, _ direction: Direction) {
        if raw == Self.updated {
            update(direction)
        } else {
            enter(TLSHalf.Epoch(rawValue: raw) ?? .application, direction)
            prepare(direction)
        }
        self[direction].protections = [protection]
        self[direction].sequence = sequence
    }

    /// The direction's next key (§ 7.2).
    func update(_ direction: Direction) {
        guard let algorithm = Self.schedule(self[direction].secret) else {
            // Not known: nor will the next be.
            enter(.application, direction)
            self[direction].keysLookedAt = workspace.keys.generation
            return
        }
        let secret = derivation.expandLabel(algorithm, self[direction].secret, "traffic upd", algorithm.octets)
        self[direction].secret = secret
        self[direction].sequence = 0
        self[direction].protections = protections(secret)
        lookForUpdate(direction)
    }

    /// The handshake says that the direction's next epoch begins.
    func advance(to epoch: TLSHalf.Epoch, _ direction: Direction) {
        guard isVersion13 == true, epoch.rawValue > self[direction].epoch.rawValue else { return }
        enter(epoch, direction)
    }

    // MARK: - Up to TLS 1.2

    /// ChangeCipherSpec: the direction's records are encrypted from here on, with the newest keys.
    func changeCipher(_ direction: Direction) {
        // TLS 1.3 sends it for the sake of middleboxes alone (RFC 8446 § 5).
        guard isVersion13 != true else { return }
        self[direction].isProtected = true
        self[direction].sequence = 0
        self[direction].protections = []
        self[direction].keysLookedAt = nil
    }

    private func lookForBlockKeys(_ direction: Direction) {
        guard self[direction].protections.isEmpty, let random = clientRandom, let serverRandom, let serverHello,
            serverHello.compression == 0, serverHello.version != .ssl3,
            let algorithms = serverHello.cipherSuite.algorithms
        else { return }
        let master = master
        guard !master.isEmpty else { return }
        let version = serverHello.version
        let cipher = algorithms.cipher
        let macOctets = cipher.isBlockCipher ? algorithms.mac?.octets ?? 0 : 0
        let isChained = cipher.isBlockCipher && version == .tls10
        let vectorOctets = Self.vectorOctets(cipher, isChained: isChained)
        let count = 2 * (macOctets + cipher.keyOctets + vectorOctets)
        let block = derivation.prf(
            version == .tls12 ? algorithms.schedule : nil, master, "key expansion", seed: serverRandom + random, count)
        guard block.count == count else { return }
        // The client's comes first of each (§ 6.3).
        let side = isClient(direction) ? 0 : 1
        func part(_ start: Int, _ octets: Int) -> [UInt8] {
            Array(block[start + side * octets..<start + (side + 1) * octets])
        }
        let form: RecordProtection.Form
        if cipher.isBlockCipher, let mac = algorithms.mac {
            form = .block(
                mac: mac, isChained: isChained, isMACOutside: serverHello.extensions.contains(.encryptThenMAC))
        } else {
            form = cipher == .chaCha20Poly1305 ? .implicitNonce : .explicitNonce
        }
        let protection = RecordProtection(
            form, cipher, key: part(2 * macOctets, cipher.keyOctets),
            vector: part(2 * (macOctets + cipher.keyOctets), vectorOctets), macKey: part(0, macOctets),
            workspace.cryptography)
        self[direction].protections = protection.map { [$0] } ?? []
    }

    private static func vectorOctets(_ cipher: BulkCipher, isChained: Bool) -> Int {
        if cipher.isBlockCipher { return isChained ? RecordProtection.blockOctets : 0 }
        return cipher == .chaCha20Poly1305 ? RecordProtection.nonceOctets : 4
    }
}
