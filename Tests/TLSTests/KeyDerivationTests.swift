import Cryptography
import Testing

@testable import TLS

/// Published examples of key schedules.
struct KeyDerivationTests {
    private let derivation = KeyDerivation(cryptography: LibCrypto())

    /// RFC 8448 § 3: the server's handshake keys of the simple 1-RTT handshake.
    @Test func trafficKeysAreThoseOfRFC8448() {
        let secret = octets("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
        #expect(derivation.expandLabel(.sha256, secret, "key", 16) == octets("3fce516009c21727d0f2e4e86ee403bc"))
        #expect(derivation.expandLabel(.sha256, secret, "iv", 12) == octets("5d313eb2671276ee13000b30"))
    }

    /// The example of the PRF with SHA-256 posted to the IETF's TLS list (mail-archive, «TLS 1.2 PRF test vectors»).
    @Test func prfIsThatOfTheWorkingGroup() {
        let output = derivation.prf(
            .sha256, octets("9bbe436ba940f017b17652849a71db35"), "test label",
            seed: octets("a0ba9f936cda311827a6f796ffd5198c"), 100)
        #expect(
            output
                == octets(
                    """
                    e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af\
                    0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701\
                    87347b66
                    """))
    }
}

/// The octets that hexadecimal digits stand for.
func octets(_ digits: String) -> [UInt8] {
    let digits = Array(digits.utf8)
    return stride(from: 0, to: digits.count, by: 2).map {
        UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
    }
}
