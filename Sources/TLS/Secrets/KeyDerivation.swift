import Octets

/// How keys follow from secrets: HKDF of TLS 1.3 (RFC 8446 § 7.1) and the PRF of earlier versions (RFC 5246 § 5).
struct KeyDerivation {
    let cryptography: any TLSCryptography

    /// HKDF-Expand-Label with an empty context.
    func expandLabel(_ algorithm: HashAlgorithm, _ secret: [UInt8], _ label: String, _ count: Int) -> [UInt8] {
        let text = "tls13 \(label)".utf8
        var info: [UInt8] = []
        info.appendBigEndian(UInt16(count))
        info.append(UInt8(text.count))
        info.append(contentsOf: text)
        info.append(0)
        return expand(algorithm, secret, info, count)
    }

    /// HKDF-Expand (RFC 5869 § 2.3).
    private func expand(_ algorithm: HashAlgorithm, _ key: [UInt8], _ info: [UInt8], _ count: Int) -> [UInt8] {
        var output: [UInt8] = []
        var block: [UInt8] = []
        var number: UInt8 = 1
        while output.count < count {
            block = cryptography.authenticationCode(algorithm, key: key.span, (block + info + [number]).span)
            guard !block.isEmpty else { return [] }
            output += block
            number &+= 1  // no key here needs more than two blocks
        }
        return Array(output.prefix(count))
    }

    /// The PRF.
    ///
    /// - Parameter algorithm: that of the suite; `nil` before TLS 1.2, where MD5 and SHA-1 share the secret.
    func prf(
        _ algorithm: HashAlgorithm?, _ secret: [UInt8], _ label: String, seed: [UInt8], _ count: Int
    ) -> [UInt8] {
        let seed = Array(label.utf8) + seed
        if let algorithm { return hash(algorithm, secret, seed, count) }
        // RFC 2246 § 5: the halves share the middle octet of an odd secret.
        let half = (secret.count + 1) / 2
        let first = hash(.md5, Array(secret.prefix(half)), seed, count)
        let second = hash(.sha1, Array(secret.suffix(half)), seed, count)
        guard first.count == count, second.count == count else { return [] }
        return zip(first, second).map { $0 ^ $1 }
    }

    /// P_hash.
    private func hash(_ algorithm: HashAlgorithm, _ secret: [UInt8], _ seed: [UInt8], _ count: Int) -> [UInt8] {
        var output: [UInt8] = []
        var chain = seed
        while output.count < count {
            chain = cryptography.authenticationCode(algorithm, key: secret.span, chain.span)
            let block = cryptography.authenticationCode(algorithm, key: secret.span, (chain + seed).span)
            guard !chain.isEmpty, !block.isEmpty else { return [] }
            output += block
        }
        return Array(output.prefix(count))
    }
}
