import Octets

/// Undoes the protection of one direction's records under one key.
struct RecordProtection {
    /// How nonce and authenticated octets are made.
    enum Form: Equatable {
        /// RFC 8446 § 5.2, § 5.3: the type is inside.
        case tls13
        /// RFC 7905: the nonce follows from the record's number.
        case implicitNonce
        /// RFC 5288, RFC 6655: eight octets of the nonce stand before the ciphertext.
        case explicitNonce
        /// RFC 5246 § 6.2.3.2, with the authentication code inside or, by RFC 7366, outside. `isChained`: the block
        /// before is the initialisation vector (TLS 1.0).
        case block(mac: HashAlgorithm, isChained: Bool, isMACOutside: Bool)
    }

    /// What came out: where it lies in the plaintext.
    struct Opened: Equatable {
        var type: ContentType
        var content: Range<Int>
    }

    let form: Form
    private let cipher: BulkCipher
    private let opener: any RecordOpener
    private let cryptography: any TLSCryptography
    /// 12 octets; of the form with explicit nonces the first four; of chained blocks the last one.
    private var vector: [UInt8]
    private let macKey: [UInt8]

    static let nonceOctets = 12
    private static let explicitOctets = 8
    static let blockOctets = 16

    /// `nil` where the library cannot do it.
    init?(
        _ form: Form, _ cipher: BulkCipher, key: [UInt8], vector: [UInt8], macKey: [UInt8] = [],
        _ cryptography: any TLSCryptography
    ) {
        guard key.count == cipher.keyOctets, let opener = cryptography.makeOpener(cipher, key: key.span) else {
            return nil
        }
        self.form = form
        self.cipher = cipher
        self.opener = opener
        self.cryptography = cryptography
        self.vector = vector
        self.macKey = macKey
    }

    /// Octets of content in a record of so many, where that follows from its length alone. TLS 1.3 may pad, and nearly
    /// never does.
    func contentOctets(ofRecord length: Int) -> Int? {
        switch form {
        case .tls13: max(length - cipher.tagOctets - 1, 0)
        case .implicitNonce: max(length - cipher.tagOctets, 0)
        case .explicitNonce: max(length - cipher.tagOctets - Self.explicitOctets, 0)
        case .block: nil
        }
    }

    /// Opens a record; `nil` where it is not authentic.
    mutating func open(
        _ header: RecordHeader, _ fragment: Span<UInt8>, sequence: UInt64, into plaintext: inout [UInt8]
    ) -> Opened? {
        if plaintext.count < fragment.count + 2 * Self.blockOctets {
            // A record has at most `RecordHeader.lengthMax` octets.
            plaintext = [UInt8](repeating: 0, count: fragment.count + 2 * Self.blockOctets)
        }
        switch form {
        case .tls13: return open13(header, fragment, sequence, &plaintext)
        case .implicitNonce:
            guard fragment.count >= cipher.tagOctets else { return nil }
            let additional = Self.additional(header, sequence, fragment.count - cipher.tagOctets)
            let count = opener.open(
                fragment, nonce: nonce(sequence).span, additional: additional.span, into: &plaintext)
            return count.map { Opened(type: header.type, content: 0..<$0) }
        case .explicitNonce:
            guard fragment.count >= cipher.tagOctets + Self.explicitOctets else { return nil }
            var nonce: [12 of UInt8] = .init(repeating: 0)
            for index in 0..<4 { nonce[index] = vector[index] }
            for index in 0..<8 { nonce[4 + index] = fragment[index] }
            let sealed = fragment.extracting(Self.explicitOctets..<fragment.count)
            let additional = Self.additional(header, sequence, sealed.count - cipher.tagOctets)
            let count = opener.open(sealed, nonce: nonce.span, additional: additional.span, into: &plaintext)
            return count.map { Opened(type: header.type, content: 0..<$0) }
        case .block(let mac, let isChained, let isMACOutside):
            return openBlocks(header, fragment, sequence, mac, isChained, isMACOutside, &plaintext)
        }
    }

    private func open13(
        _ header: RecordHeader, _ fragment: Span<UInt8>, _ sequence: UInt64, _ plaintext: inout [UInt8]
    ) -> Opened? {
        guard fragment.count > cipher.tagOctets else { return nil }
        var additional: [5 of UInt8] = .init(repeating: header.type.rawValue)
        additional[1] = UInt8(header.version >> 8)
        additional[2] = UInt8(truncatingIfNeeded: header.version)
        additional[3] = UInt8(truncatingIfNeeded: header.length >> 8)
        additional[4] = UInt8(truncatingIfNeeded: header.length)
        guard
            var end = opener.open(
                fragment, nonce: nonce(sequence).span, additional: additional.span, into: &plaintext)
        else { return nil }
        // The type is the last octet that is not zero (§ 5.4).
        while end > 0, plaintext[end - 1] == 0 { end -= 1 }
        guard end > 0 else { return nil }
        return Opened(type: ContentType(rawValue: plaintext[end - 1]), content: 0..<end - 1)
    }

    /// The vector with the record's number in its last octets (RFC 8446 § 5.3, RFC 7905 § 2).
    private func nonce(_ sequence: UInt64) -> [12 of UInt8] {
        var nonce: [12 of UInt8] = .init(repeating: 0)
        for index in 0..<Self.nonceOctets { nonce[index] = vector[index] }
        for index in 0..<8 { nonce[4 + index] ^= UInt8(truncatingIfNeeded: sequence >> UInt64(56 - 8 * index)) }
        return nonce
    }

    /// Number, type, version and length (RFC 5246 § 6.2.3.3).
    private static func additional(_ header: RecordHeader, _ sequence: UInt64, _ count: Int) -> [13 of UInt8] {
        var octets: [13 of UInt8] = .init(repeating: 0)
        for index in 0..<8 { octets[index] = UInt8(truncatingIfNeeded: sequence >> UInt64(56 - 8 * index)) }
        octets[8] = header.type.rawValue
        octets[9] = UInt8(header.version >> 8)
        octets[10] = UInt8(truncatingIfNeeded: header.version)
        octets[11] = UInt8(truncatingIfNeeded: count >> 8)
        octets[12] = UInt8(truncatingIfNeeded: count)
        return octets
    }

    // MARK: - Block ciphers

    private mutating func openBlocks(
        _ header: RecordHeader, _ fragment: Span<UInt8>, _ sequence: UInt64, _ mac: HashAlgorithm, _ isChained: Bool,
        _ isMACOutside: Bool, _ plaintext: inout [UInt8]
    ) -> Opened? {
        var end = fragment.count
        if isMACOutside {
            guard end >= mac.octets else { return nil }
            end -= mac.octets
            let code = code(header, sequence, fragment, 0..<end, mac)
            guard Self.isEqual(code, fragment, end) else { return nil }
        }
        let start = isChained ? 0 : Self.blockOctets
        guard end - start >= Self.blockOctets, (end - start) % Self.blockOctets == 0 else { return nil }
        let vector = isChained ? self.vector : [UInt8](fragment, 0..<start)
        let sealed = fragment.extracting(start..<end)
        // The next record needs it, authentic or not.
        if isChained { self.vector = [UInt8](fragment, end - Self.blockOctets..<end) }
        guard let count = opener.open(sealed, nonce: vector.span, additional: Span(), into: &plaintext), count > 0
        else { return nil }
        let padding = Int(plaintext[count - 1]) + 1
        let inside = isMACOutside ? 0 : mac.octets
        guard count >= padding + inside else { return nil }
        let content = count - padding - inside
        if !isMACOutside {
            let code = code(header, sequence, plaintext.span, 0..<content, mac)
            guard Self.isEqual(code, plaintext.span, content) else { return nil }
        }
        return Opened(type: header.type, content: 0..<content)
    }

    private func code(
        _ header: RecordHeader, _ sequence: UInt64, _ octets: Span<UInt8>, _ range: Range<Int>, _ mac: HashAlgorithm
    ) -> [UInt8] {
        let head = Self.additional(header, sequence, range.count)
        var authenticated: [UInt8] = []
        authenticated.reserveCapacity(13 + range.count)
        authenticated.append(contentsOf: head.span)
        authenticated.append(contentsOf: octets.extracting(range))
        return cryptography.authenticationCode(mac, key: macKey.span, authenticated.span)
    }

    /// No secret is protected here, so that comparing may end early.
    private static func isEqual(_ code: [UInt8], _ octets: Span<UInt8>, _ start: Int) -> Bool {
        !code.isEmpty && code.indices.allSatisfy { code[$0] == octets[start + $0] }
    }
}
