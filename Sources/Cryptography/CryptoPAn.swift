/// Crypto-PAn: addresses that share a prefix get others that share a prefix of the same length (Xu, Fan, Ammar and
/// Moon, «Prefix-Preserving IP Address Anonymization», ICNP 2002). The same key gives the same addresses in every run.
///
/// Owned by one thread.
public final class CryptoPAn {
    /// A key for AES, then what the padding is made of.
    public static let keyOctets = 32
    /// Addresses that were mapped lately: most packets have those of others.
    private static let rememberedMax = 1 << 18

    private let cipher: BlockCipher
    private let padding: [UInt8]
    private var remembered4: [UInt32: UInt32] = [:]
    private var remembered6: [[UInt64]: [UInt64]] = [:]
    private var blocks: [UInt8] = []
    private var encrypted: [UInt8] = []

    /// - Parameter key: 32 octets; with another number, or where libcrypto fails, `nil`.
    public init?(key: [UInt8]) {
        guard key.count == Self.keyOctets, let cipher = BlockCipher(key: Array(key[..<16])) else { return nil }
        var padding = [UInt8](repeating: 0, count: BlockCipher.blockOctets)
        guard cipher.encrypt(Array(key[16...]), into: &padding) else { return nil }
        self.cipher = cipher
        self.padding = padding
    }

    /// `nil` where libcrypto fails.
    public func anonymised(_ address: UInt32) -> UInt32? {
        if let known = remembered4[address] { return known }
        let octets = (0..<4).map { UInt8(truncatingIfNeeded: address >> UInt32(24 - 8 * $0)) }
        guard let mapped = anonymised(octets) else { return nil }
        let result = mapped.reduce(0) { $0 << 8 | UInt32($1) }
        if remembered4.count >= Self.rememberedMax { remembered4 = [:] }
        remembered4[address] = result
        return result
    }

    /// An IPv6 address as two numbers of 64 bits; `nil` where libcrypto fails.
    public func anonymised(_ high: UInt64, _ low: UInt64) -> (high: UInt64, low: UInt64)? {
        if let known = remembered6[[high, low]] { return (known[0], known[1]) }
        let octets = [high, low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
        }
        guard let mapped = anonymised(octets) else { return nil }
        let words = [mapped[..<8], mapped[8...]].map { $0.reduce(0) { $0 << 8 | UInt64($1) } }
        if remembered6.count >= Self.rememberedMax { remembered6 = [:] }
        remembered6[[high, low]] = words
        return (words[0], words[1])
    }

    /// Each bit is changed by a bit of the encryption of all bits before it, filled up with the padding's.
    private func anonymised(_ address: [UInt8]) -> [UInt8]? {
        let bits = 8 * address.count
        blocks.removeAll(keepingCapacity: true)
        for prefix in 0..<bits {
            for index in 0..<BlockCipher.blockOctets {
                let kept = min(max(prefix - 8 * index, 0), 8)
                let mask = UInt8(truncatingIfNeeded: 0xFF00 >> kept)
                let octet = index < address.count ? address[index] : 0
                blocks.append(octet & mask | padding[index] & ~mask)
            }
        }
        if encrypted.count < blocks.count { encrypted = [UInt8](repeating: 0, count: blocks.count) }
        guard cipher.encrypt(blocks, into: &encrypted) else { return nil }
        var result = address
        for bit in 0..<bits where encrypted[bit * BlockCipher.blockOctets] & 0x80 != 0 {
            result[bit / 8] ^= 0x80 >> UInt8(bit % 8)
        }
        return result
    }
}
