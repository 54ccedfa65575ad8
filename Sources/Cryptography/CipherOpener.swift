import CCrypto
import TLS

/// Decrypts records under one key with libcrypto. Owned by one thread.
@safe final class CipherOpener: RecordOpener {
    private let cipher: BulkCipher
    private let context: OpaquePointer

    /// `nil` where libcrypto does not have the cipher, or the key has another length.
    init?(_ cipher: BulkCipher, key: Span<UInt8>) {
        guard key.count == cipher.keyOctets else { return nil }
        self.cipher = cipher
        // SAFETY: a context that nobody else has; the types are constants of the library; the key is read during the
        // call that is given its address, and has the length that the type asks for.
        guard let context = unsafe EVP_CIPHER_CTX_new() else { return nil }
        unsafe self.context = context
        let isReady = unsafe key.withUnsafeBytes { key in
            unsafe Self.prepare(context, cipher)
                && EVP_DecryptInit_ex(
                    context, nil, nil, key.assumingMemoryBound(to: UInt8.self).baseAddress, nil) == 1
                && (!cipher.isBlockCipher || EVP_CIPHER_CTX_set_padding(context, 0) == 1)
        }
        if !isReady { return nil }
    }

    deinit {
        // SAFETY: made in `init`, used by nobody else.
        unsafe EVP_CIPHER_CTX_free(context)
    }

    private static func prepare(_ context: OpaquePointer, _ cipher: BulkCipher) -> Bool {
        // SAFETY: the context is the caller's own; CCM's lengths have to be set before the key.
        guard unsafe EVP_DecryptInit_ex(context, type(cipher), nil, nil, nil) == 1 else { return false }
        guard cipher.isCounterWithCode else { return true }
        return unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, 12, nil) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(cipher.tagOctets), nil) == 1
    }

    private static func type(_ cipher: BulkCipher) -> OpaquePointer? {
        // SAFETY: constants of the library, never freed.
        switch cipher {
        case .aes128GCM: return unsafe EVP_aes_128_gcm()
        case .aes256GCM: return unsafe EVP_aes_256_gcm()
        case .chaCha20Poly1305: return unsafe EVP_chacha20_poly1305()
        case .aes128CCM, .aes128CCM8: return unsafe EVP_aes_128_ccm()
        case .aes256CCM, .aes256CCM8: return unsafe EVP_aes_256_ccm()
        case .aes128CBC: return unsafe EVP_aes_128_cbc()
        case .aes256CBC: return unsafe EVP_aes_256_cbc()
        }
    }

    func open(
        _ sealed: Span<UInt8>, nonce: Span<UInt8>, additional: Span<UInt8>, into plaintext: inout [UInt8]
    ) -> Int? {
        let tagOctets = cipher.tagOctets
        let count = sealed.count - tagOctets
        guard count >= 0, plaintext.count >= sealed.count, nonce.count == (cipher.isBlockCipher ? 16 : 12) else {
            return nil
        }
        // SAFETY: libcrypto reads within the spans, whose addresses are lent for these calls, and writes at most
        // `count` octets (of block ciphers a multiple of the block, without padding), for which there is room.
        return unsafe plaintext.withUnsafeMutableBufferPointer { plaintext in
            unsafe sealed.withUnsafeBytes { sealed in
                unsafe nonce.withUnsafeBytes { nonce in
                    unsafe additional.withUnsafeBytes { additional in
                        unsafe open(
                            sealed.assumingMemoryBound(to: UInt8.self), count,
                            nonce.assumingMemoryBound(to: UInt8.self),
                            additional.assumingMemoryBound(to: UInt8.self), plaintext)
                    }
                }
            }
        }
    }

    private func open(
        _ sealed: UnsafeBufferPointer<UInt8>, _ count: Int, _ nonce: UnsafeBufferPointer<UInt8>,
        _ additional: UnsafeBufferPointer<UInt8>, _ plaintext: UnsafeMutableBufferPointer<UInt8>
    ) -> Int? {
        var written: Int32 = 0
        guard let input = sealed.baseAddress, let output = plaintext.baseAddress else { return nil }
        // SAFETY: `count` plus the tag are the octets of `sealed`; the tag is only read, though its parameter is
        // declared as one that is written.
        let tag = unsafe UnsafeMutableRawPointer(mutating: input + count)
        let tagOctets = Int32(cipher.tagOctets)
        if cipher.isCounterWithCode {
            // CCM wants the tag and the length first, and checks when it is given the octets. Of an empty record too.
            guard unsafe EVP_DecryptInit_ex(context, nil, nil, nil, nil) == 1,
                unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tagOctets, tag) == 1,
                unsafe EVP_DecryptInit_ex(context, nil, nil, nil, nonce.baseAddress) == 1,
                unsafe EVP_DecryptUpdate(context, nil, &written, nil, Int32(count)) == 1,
                unsafe EVP_DecryptUpdate(context, nil, &written, additional.baseAddress, Int32(additional.count)) == 1,
                unsafe EVP_DecryptUpdate(context, output, &written, input, Int32(count)) == 1
            else { return nil }
            return count
        }
        // SAFETY: as above.
        guard unsafe EVP_DecryptInit_ex(context, nil, nil, nil, nonce.baseAddress) == 1 else { return nil }
        if !additional.isEmpty {
            guard unsafe EVP_DecryptUpdate(context, nil, &written, additional.baseAddress, Int32(additional.count)) == 1
            else { return nil }
        }
        written = 0
        if count > 0 {
            guard unsafe EVP_DecryptUpdate(context, output, &written, input, Int32(count)) == 1 else { return nil }
        }
        if tagOctets > 0 {
            guard unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tagOctets, tag) == 1 else { return nil }
        }
        var last: Int32 = 0
        // SAFETY: of these ciphers nothing is left to write at the end.
        guard unsafe EVP_DecryptFinal_ex(context, output + Int(written), &last) == 1 else { return nil }
        return Int(written) + Int(last)
    }
}

extension BulkCipher {
    /// AES-CCM.
    fileprivate var isCounterWithCode: Bool {
        switch self {
        case .aes128CCM, .aes256CCM, .aes128CCM8, .aes256CCM8: true
        default: false
        }
    }
}
