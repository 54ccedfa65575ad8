import CCrypto

/// AES-128 on single blocks (FIPS 197), without any mode. Owned by one thread.
@safe public final class BlockCipher {
    public static let blockOctets = 16
    private let context: OpaquePointer

    /// - Parameter key: 16 octets; with another number `nil`.
    public init?(key: [UInt8]) {
        guard key.count == Self.blockOctets else { return nil }
        // SAFETY: a context that nobody else has; the key is read during the call and has as many octets as AES-128
        // asks for.
        guard let context = unsafe EVP_CIPHER_CTX_new() else { return nil }
        unsafe self.context = context
        let isReady = unsafe key.withUnsafeBufferPointer { key in
            unsafe EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), nil, key.baseAddress, nil) == 1
                && EVP_CIPHER_CTX_set_padding(context, 0) == 1
        }
        if !isReady { return nil }
    }

    deinit {
        // SAFETY: made in `init`, used by nobody else.
        unsafe EVP_CIPHER_CTX_free(context)
    }

    /// Encrypts whole blocks, each by itself; `false` where libcrypto failed.
    public func encrypt(_ blocks: [UInt8], into output: inout [UInt8]) -> Bool {
        guard blocks.count % Self.blockOctets == 0, output.count >= blocks.count else { return false }
        var written: Int32 = 0
        // SAFETY: libcrypto reads and writes `blocks.count` octets at addresses lent for the call, without padding.
        let result = unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe blocks.withUnsafeBufferPointer { blocks in
                unsafe EVP_EncryptUpdate(
                    context, output.baseAddress, &written, blocks.baseAddress, Int32(blocks.count))
            }
        }
        return result == 1 && Int(written) == blocks.count
    }
}
