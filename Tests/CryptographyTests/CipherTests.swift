import Cryptography
import TLS
import Testing

/// Published examples of the ciphers.
struct CipherTests {
    struct Example: Sendable {
        var cipher: BulkCipher
        var key: String
        var nonce: String
        var additional = ""
        var sealed: String
        var plaintext: [UInt8]
    }

    static let sunscreen = """
        Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
        sunscreen would be it.
        """

    static let examples: [Example] = [
        // McGrew and Viega, «The Galois/Counter Mode of Operation», appendix B, cases 2 and 14.
        Example(
            cipher: .aes128GCM, key: String(repeating: "00", count: 16), nonce: String(repeating: "00", count: 12),
            sealed: "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf",
            plaintext: [UInt8](repeating: 0, count: 16)),
        Example(
            cipher: .aes256GCM, key: String(repeating: "00", count: 32), nonce: String(repeating: "00", count: 12),
            sealed: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
            plaintext: [UInt8](repeating: 0, count: 16)),
        // RFC 8439 § 2.8.2.
        Example(
            cipher: .chaCha20Poly1305, key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
            nonce: "070000004041424344454647", additional: "50515253c0c1c2c3c4c5c6c7",
            sealed: """
                d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b\
                1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc\
                3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691
                """,
            plaintext: Array(sunscreen.utf8)),
    ]

    @Test(arguments: examples) func examplesAreOpened(example: Example) throws {
        let made = LibCrypto().makeOpener(example.cipher, key: octets(example.key).span)
        let opener = try #require(made)
        var plaintext = [UInt8](repeating: 0, count: 256)
        // Twice, as a connection does.
        for _ in 0..<2 {
            let count = opener.open(
                octets(example.sealed).span, nonce: octets(example.nonce).span,
                additional: octets(example.additional).span, into: &plaintext)
            #expect(count.map { Array(plaintext[..<$0]) } == example.plaintext)
        }
    }

    @Test(arguments: examples) func anythingElseIsRefused(example: Example) throws {
        let made = LibCrypto().makeOpener(example.cipher, key: octets(example.key).span)
        let opener = try #require(made)
        var plaintext = [UInt8](repeating: 0, count: 256)
        let sealed = octets(example.sealed)
        for index in sealed.indices {
            var damaged = sealed
            damaged[index] ^= 0x80
            #expect(
                opener.open(
                    damaged.span, nonce: octets(example.nonce).span, additional: octets(example.additional).span,
                    into: &plaintext) == nil)
        }
        #expect(
            opener.open(
                sealed.span, nonce: octets(example.nonce).span, additional: [1].span, into: &plaintext) == nil)
        for count in 0..<sealed.count {
            #expect(
                opener.open(
                    sealed.span.extracting(0..<count), nonce: octets(example.nonce).span,
                    additional: octets(example.additional).span, into: &plaintext) == nil)
        }
    }

    @Test func keysOfAnotherLengthAreRefused() {
        for cipher in BulkCipher.allCases {
            let key = [UInt8](repeating: 1, count: cipher.keyOctets + 1)
            #expect(LibCrypto().makeOpener(cipher, key: key.span) == nil)
            #expect(LibCrypto().makeOpener(cipher, key: Array(key.dropLast()).span) != nil)
        }
    }

    /// RFC 4231 § 4.3, RFC 2202 § 2 and § 3 (case 2 of each), FIPS 180-4's «abc», RFC 1321 § A.5.
    @Test func digestsAreThoseOfTheStandards() {
        let crypto = LibCrypto()
        let (key, data) = (Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
        func code(_ algorithm: HashAlgorithm) -> [UInt8] {
            crypto.authenticationCode(algorithm, key: key.span, data.span)
        }
        #expect(code(.md5) == octets("750c783e6ab0b503eaa86e310a5db738"))
        #expect(code(.sha1) == octets("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"))
        #expect(code(.sha256) == octets("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
        #expect(crypto.digest(.md5, Array("abc".utf8).span) == octets("900150983cd24fb0d6963f7d28e17f72"))
        #expect(
            crypto.digest(.sha256, Array("abc".utf8).span)
                == octets("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
        #expect(crypto.authenticationCode(.sha384, key: Span(), Span()).count == 48)
    }
}

/// The octets that hexadecimal digits stand for.
func octets(_ digits: String) -> [UInt8] {
    let digits = Array(digits.utf8)
    return stride(from: 0, to: digits.count, by: 2).map {
        UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
    }
}
