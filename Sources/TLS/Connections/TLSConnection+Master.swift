/// The master secret (RFC 5246 § 8.1), where a key log does not name the connection by the client's random.
extension TLSConnection {
    private static let masterOctets = 48

    /// As the key log gives it, or as it follows from what it gives; empty where it does not.
    var master: [UInt8] {
        guard let clientRandom else { return [] }
        if let given = workspace.keys.secrets(ofClientRandom: clientRandom)?[.master], !given.isEmpty { return given }
        if exchange.master.isEmpty {
            exchange.master = derivedMaster(clientRandom)
            guard !exchange.master.isEmpty else { return resumedMaster }
            exchange.forget()
            if let serverHello { workspace.keys.keep(master: exchange.master, ofSession: serverHello.sessionID) }
        }
        return exchange.master
    }

    /// Of a session that the server goes on with, or that a key log names.
    private var resumedMaster: [UInt8] {
        guard let identifier = serverHello?.sessionID, !identifier.isEmpty else { return [] }
        return workspace.keys.master(ofSession: identifier) ?? []
    }

    private func derivedMaster(_ clientRandom: [UInt8]) -> [UInt8] {
        guard workspace.keys.hasPreMasters, let serverHello, let serverRandom, serverHello.version != .ssl3,
            let secret = workspace.keys.preMaster(ofClientRandom: clientRandom, encrypted: exchange.encrypted)
        else { return [] }
        // Suites that are not known here are not decrypted, whatever comes out.
        let algorithm = serverHello.version == .tls12 ? serverHello.cipherSuite.algorithms?.schedule ?? .sha256 : nil
        let derivation = KeyDerivation(cryptography: workspace.cryptography)
        guard serverHello.extensions.contains(.extendedMasterSecret) else {
            return derivation.prf(
                algorithm, secret, "master secret", seed: clientRandom + serverRandom, Self.masterOctets)
        }
        guard let transcript = exchange.transcript else { return [] }
        // RFC 7627 § 4. Before TLS 1.2 the session hash is that of the Finished messages: MD5 and SHA-1.
        let hash = (algorithm.map { [$0] } ?? [.md5, .sha1]).flatMap {
            workspace.cryptography.digest($0, transcript.span)
        }
        return derivation.prf(algorithm, secret, "extended master secret", seed: hash, Self.masterOctets)
    }
}
