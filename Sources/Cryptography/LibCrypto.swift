import CCrypto
import TLS

/// The cryptography that TLS needs, by Debian's libcrypto. Owned by one thread.
public final class LibCrypto: TLSCryptography {
    public init() {}

    /// Loads the library, which its first use would do, too late in a process that may open no file any more.
    public static func load() { _ = SHA256Digest() }

    public func digest(_ algorithm: HashAlgorithm, _ octets: Span<UInt8>) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: algorithm.octets)
        // SAFETY: libcrypto reads `count` octets and writes as many as the algorithm's digest has, at addresses lent
        // for the call; the algorithms are constants of the library.
        let result = unsafe digest.withUnsafeMutableBufferPointer { digest in
            unsafe octets.withUnsafeBytes { octets in
                unsafe EVP_Digest(
                    octets.baseAddress, octets.count, digest.baseAddress, nil, Self.type(algorithm), nil)
            }
        }
        return result == 1 ? digest : []
    }

    public func authenticationCode(_ algorithm: HashAlgorithm, key: Span<UInt8>, _ octets: Span<UInt8>) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: algorithm.octets)
        // SAFETY: as above. Of an empty key the address may be nil, which HMAC would take for «the key before»: an
        // octet that is not read stands for it.
        let result: UnsafeMutablePointer<UInt8>? = unsafe code.withUnsafeMutableBufferPointer { code in
            unsafe octets.withUnsafeBytes { octets in
                unsafe key.withUnsafeBytes { key in
                    var nothing: UInt8 = 0
                    return unsafe withUnsafePointer(to: &nothing) { nothing in
                        // SAFETY: see above; `code` has room for the algorithm's digest.
                        unsafe HMAC(
                            Self.type(algorithm), key.baseAddress ?? UnsafeRawPointer(nothing), Int32(key.count),
                            octets.assumingMemoryBound(to: UInt8.self).baseAddress, octets.count, code.baseAddress,
                            nil)
                    }
                }
            }
        }
        // SAFETY: only compared.
        return unsafe result == nil ? [] : code
    }

    public func makeOpener(_ cipher: BulkCipher, key: Span<UInt8>) -> (any RecordOpener)? {
        CipherOpener(cipher, key: key)
    }

    private static func type(_ algorithm: HashAlgorithm) -> OpaquePointer? {
        // SAFETY: constants of the library, never freed.
        switch algorithm {
        case .md5: return unsafe EVP_md5()
        case .sha1: return unsafe EVP_sha1()
        case .sha256: return unsafe EVP_sha256()
        case .sha384: return unsafe EVP_sha384()
        }
    }
}
