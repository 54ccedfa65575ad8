/// What TLS needs of a library of cryptography. Owned by one thread.
public protocol TLSCryptography: AnyObject {
    /// The digest; none where the library failed.
    func digest(_ algorithm: HashAlgorithm, _ octets: Span<UInt8>) -> [UInt8]
    /// HMAC (RFC 2104); none where the library failed.
    func authenticationCode(_ algorithm: HashAlgorithm, key: Span<UInt8>, _ octets: Span<UInt8>) -> [UInt8]
    /// `nil` where the library does not have the cipher.
    func makeOpener(_ cipher: BulkCipher, key: Span<UInt8>) -> (any RecordOpener)?
}

/// Undoes one key's encryption. Owned by one thread.
public protocol RecordOpener: AnyObject {
    /// Decrypts.
    ///
    /// - Parameters:
    ///   - sealed: the ciphertext, with its tag at the end where the cipher has one.
    ///   - nonce: 12 octets; of a block cipher, the 16 of the initialisation vector.
    ///   - additional: what is authenticated besides; of a block cipher nothing.
    ///   - plaintext: written from its start on; it must have room for `sealed`.
    /// - Returns: how many octets were written; `nil` where they are not authentic.
    func open(
        _ sealed: Span<UInt8>, nonce: Span<UInt8>, additional: Span<UInt8>, into plaintext: inout [UInt8]
    ) -> Int?
}
