import Cryptography
import Events
import TLS
import Testing

/// The examples that the authors of JA3 and JA4 published.
struct FingerprintTests {
    private static func hello(
        _ version: UInt16, suites: [UInt16], extensions: [UInt16] = [], groups: [UInt16] = [], points: [UInt8] = []
    ) -> ClientHello {
        var hello = ClientHello()
        hello.legacyVersion = TLSVersion(rawValue: version)
        hello.cipherSuites = suites.map { CipherSuite(rawValue: $0) }
        hello.extensions = extensions.map { ExtensionType(rawValue: $0) }
        hello.supportedGroups = groups
        hello.pointFormats = points
        return hello
    }

    @Test func ja3IsThatOfItsReadme() {
        let hello = Self.hello(
            769, suites: [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4], extensions: [0, 10, 11],
            groups: [23, 24, 25], points: [0])
        #expect(hello.ja3Text == "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0")
        #expect(hello.ja3(LibCrypto()) == "ada70206e40642a3e4461f35503241d5")
    }

    @Test func ja3OfAHelloWithoutExtensionsIsThatOfItsReadme() {
        let hello = Self.hello(769, suites: [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99])
        #expect(hello.ja3Text == "769,4-5-10-9-100-98-3-6-19-18-99,,,")
        #expect(hello.ja3(LibCrypto()) == "de350869b8c85de67a350c8d186f11e6")
    }

    @Test func ja3LeavesGREASEOut() {
        let plain = Self.hello(771, suites: [4865], extensions: [0, 10], groups: [29])
        let greased = Self.hello(
            771, suites: [0x0A0A, 4865], extensions: [0x1A1A, 0, 10, 0xFAFA], groups: [0x3A3A, 29])
        #expect(plain.ja3Text == "771,4865,0-10,29,")
        #expect(greased.ja3Text == plain.ja3Text)
    }

    /// technical_details/JA4.md.
    private static var published: ClientHello {
        var hello = hello(
            0x0303,
            suites: [
                0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014, 0x009C,
                0x009D, 0x002F, 0x0035,
            ],
            extensions: [
                0x001B, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002D, 0x000D, 0x0005, 0x0023, 0x0012, 0x002B,
                0xFF01, 0x000B, 0x000A, 0x0015,
            ])
        hello.supportedVersions = [.tls13, .tls12]
        hello.applicationProtocols = [Array("h2".utf8), Array("http/1.1".utf8)]
        hello.signatureAlgorithms = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]
        return hello
    }

    @Test func ja4IsThatOfItsSpecification() {
        let hello = Self.published
        #expect(
            hello.ja4Raw == """
                t13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9_\
                0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_\
                0403,0804,0401,0503,0805,0501,0806,0601
                """)
        #expect(hello.ja4(LibCrypto()) == "t13d1516h2_8daaf6152771_e5627efa2ab1")
    }

    @Test func ja4DoesNotDependOnTheOrderNorOnGREASE() {
        var hello = Self.published
        hello.cipherSuites = [CipherSuite(rawValue: 0x0A0A)] + hello.cipherSuites.reversed()
        hello.extensions = [ExtensionType(rawValue: 0x5A5A)] + hello.extensions.reversed()
        hello.supportedVersions.insert(TLSVersion(rawValue: 0x7A7A), at: 0)
        #expect(hello.ja4(LibCrypto()) == "t13d1516h2_8daaf6152771_e5627efa2ab1")
    }

    @Test(arguments: [
        ([], "00"), ([[0x68, 0x32]], "h2"), ([Array("http/1.1".utf8)], "h1"), ([[]], "00"), ([[0xAB, 0xCD]], "ad"),
        ([[0x30, 0xAB]], "3b"), ([[0x30, 0x31, 0xAB, 0xCD]], "3d"),
    ])
    func ja4TakesTheEndsOfTheFirstProtocol(names: [[UInt8]], ends: String) {
        var hello = Self.hello(0x0303, suites: [])
        hello.applicationProtocols = names
        #expect(hello.ja4(LibCrypto()) == "t12i0000\(ends)_000000000000_000000000000")
    }
}
