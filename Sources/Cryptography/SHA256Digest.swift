import CCrypto

/// SHA-256 (FIPS 180-4) computed piece by piece by libcrypto; used again for the next message by `reset`.
///
/// Owned by one thread at a time.
@safe public final class SHA256Digest {
    public static let octets = 32

    /// `nil` where libcrypto could not make one: there is no digest then.
    private let context: OpaquePointer?
    private var isUsable: Bool

    public init() {
        // SAFETY: a context that nobody else has; EVP_sha256 is a constant of the library.
        unsafe context = EVP_MD_CTX_new()
        isUsable = unsafe context != nil && EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
    }

    deinit {
        // SAFETY: made in `init`, used by nobody else; the function takes nil.
        unsafe EVP_MD_CTX_free(context)
    }

    public func update(_ octets: Span<UInt8>) {
        guard isUsable else { return }
        // SAFETY: libcrypto reads `count` octets at the address lent for this call.
        isUsable = unsafe octets.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) == 1 }
    }

    /// The 32 octets over everything given since `init` or `reset`; none where libcrypto failed. To be called once.
    public func finish() -> [UInt8] {
        guard isUsable else { return [] }
        isUsable = false
        var digest = [UInt8](repeating: 0, count: Self.octets)
        // SAFETY: libcrypto writes the 32 octets of a SHA-256 at the address lent for this call.
        let result = unsafe digest.withUnsafeMutableBufferPointer {
            unsafe EVP_DigestFinal_ex(context, $0.baseAddress, nil)
        }
        return result == 1 ? digest : []
    }

    /// Begins anew.
    public func reset() {
        // SAFETY: the context is this object's own. Without a type the one it had is kept, which spares looking it up.
        isUsable = unsafe context != nil && EVP_DigestInit_ex(context, nil, nil) == 1
    }
}
