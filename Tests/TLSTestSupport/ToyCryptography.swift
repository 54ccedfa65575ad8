import TLS

/// Cryptography that hides nothing and is the same everywhere: what depends on keys, numbers and authenticated octets
/// does so here too, so that what is wrong with them shows, and tests can seal what is to be opened.
public final class ToyCryptography: TLSCryptography {
    public init() {}

    public func digest(_ algorithm: HashAlgorithm, _ octets: Span<UInt8>) -> [UInt8] {
        var seed = UInt64(algorithm.rawValue) &+ 0xCBF2_9CE4_8422_2325
        for index in octets.indices { seed = (seed ^ UInt64(octets[index])) &* 0x100_0000_01B3 }
        return Self.stretched(seed, algorithm.octets)
    }

    public func authenticationCode(_ algorithm: HashAlgorithm, key: Span<UInt8>, _ octets: Span<UInt8>) -> [UInt8] {
        var all: [UInt8] = []
        for index in key.indices { all.append(key[index]) }
        all.append(0xFF)
        for index in octets.indices { all.append(octets[index]) }
        return digest(algorithm, all.span)
    }

    public func makeOpener(_ cipher: BulkCipher, key: Span<UInt8>) -> (any RecordOpener)? {
        guard key.count == cipher.keyOctets, !cipher.isBlockCipher else { return nil }
        return ToyOpener(cipher, (0..<key.count).map { key[$0] })
    }

    static func stretched(_ seed: UInt64, _ count: Int) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ in
            state = (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9 &+ 0x9E37_79B9_7F4A_7C15
            return UInt8(truncatingIfNeeded: state >> 40)
        }
    }

    /// What `ToyOpener` opens: the octets hidden, and a tag.
    public static func seal(
        _ octets: [UInt8], _ cipher: BulkCipher, key: [UInt8], nonce: [UInt8], additional: [UInt8]
    ) -> [UInt8] {
        hidden(octets, key, nonce) + tag(octets, cipher, key, nonce, additional)
    }

    fileprivate static func hidden(_ octets: [UInt8], _ key: [UInt8], _ nonce: [UInt8]) -> [UInt8] {
        octets.indices.map {
            octets[$0] ^ key[$0 % key.count] ^ nonce[$0 % nonce.count] ^ UInt8(truncatingIfNeeded: $0)
        }
    }

    fileprivate static func tag(
        _ octets: [UInt8], _ cipher: BulkCipher, _ key: [UInt8], _ nonce: [UInt8], _ additional: [UInt8]
    ) -> [UInt8] {
        var seed = UInt64(cipher.rawValue)
        for part in [key, nonce, additional, octets] {
            seed = (seed ^ UInt64(part.count)) &* 0x100_0000_01B3
            for octet in part { seed = (seed ^ UInt64(octet)) &* 0x100_0000_01B3 }
        }
        return stretched(seed, cipher.tagOctets)
    }
}

private final class ToyOpener: RecordOpener {
    private let cipher: BulkCipher
    private let key: [UInt8]

    init(_ cipher: BulkCipher, _ key: [UInt8]) {
        self.cipher = cipher
        self.key = key
    }

    func open(
        _ sealed: Span<UInt8>, nonce: Span<UInt8>, additional: Span<UInt8>, into plaintext: inout [UInt8]
    ) -> Int? {
        func copy(_ span: Span<UInt8>, _ range: Range<Int>) -> [UInt8] { range.map { span[$0] } }
        let count = sealed.count - cipher.tagOctets
        guard count >= 0 else { return nil }
        let nonce = copy(nonce, 0..<nonce.count)
        let octets = ToyCryptography.hidden(copy(sealed, 0..<count), key, nonce)
        let tag = ToyCryptography.tag(octets, cipher, key, nonce, copy(additional, 0..<additional.count))
        guard tag == copy(sealed, count..<sealed.count) else { return nil }
        for index in octets.indices { plaintext[index] = octets[index] }
        return count
    }
}
