import Octets

/// Makes what stands in place of a secret.
struct SecretMarker {
    let mode: RedactionSettings.Mode
    /// HMAC's inner and outer key (RFC 2104), 64 octets each.
    private let innerKey: [UInt8]
    private let outerKey: [UInt8]
    private let tools: any BodyTools

    static let removed = Array("<redacted>".utf8)

    /// - Parameter salt: random octets of this run, at most 64 of which count.
    init(_ mode: RedactionSettings.Mode, salt: [UInt8], _ tools: any BodyTools) {
        let key = salt.prefix(64) + [UInt8](repeating: 0, count: max(0, 64 - salt.count))
        self.mode = mode
        innerKey = key.map { $0 ^ 0x36 }
        outerKey = key.map { $0 ^ 0x5C }
        self.tools = tools
    }

    func marker(for secret: Span<UInt8>) -> [UInt8] {
        guard mode == .hash else { return Self.removed }
        let inner = digest(innerKey, secret)
        let outer = digest(outerKey, inner.span)
        // Without a digest there is nothing to show.
        guard outer.count >= 8 else { return Self.removed }
        var marker = Array("sha256:".utf8)
        for octet in outer.prefix(8) {
            for nibble in [octet >> 4, octet & 15] { marker.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble) }
        }
        return marker
    }

    private func digest(_ key: [UInt8], _ octets: Span<UInt8>) -> [UInt8] {
        let digest = tools.makeDigest()
        digest.update(key.span)
        digest.update(octets)
        return digest.finish()
    }
}
