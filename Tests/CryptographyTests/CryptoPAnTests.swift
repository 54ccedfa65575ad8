import Cryptography
import Testing

/// The key and the sample trace of Crypto-PAn's own distribution; of IPv6, which it does not have, what other
/// implementations agree on.
struct CryptoPAnTests {
    private static let key: [UInt8] = [
        21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
        216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2,
    ]

    private static func number(_ text: String) -> UInt32 {
        text.split(separator: ".").reduce(0) { $0 << 8 | UInt32($1)! }
    }

    @Test(arguments: [
        ("128.11.68.132", "135.242.180.132"), ("129.118.74.4", "134.136.186.123"),
        ("130.132.252.244", "133.68.164.234"), ("141.223.7.43", "141.167.8.160"),
        ("141.233.145.108", "141.129.237.235"), ("152.163.225.39", "151.140.114.167"),
        ("156.29.3.236", "147.225.12.42"), ("165.247.96.84", "162.9.99.234"), ("192.102.249.13", "252.138.62.131"),
        ("24.0.250.221", "100.15.198.226"), ("64.14.118.196", "0.255.183.58"), ("10.185.25.118", "117.161.29.118"),
    ])
    func addressesAreThoseOfTheSampleTrace(address: String, expected: String) throws {
        let cipher = try #require(CryptoPAn(key: Self.key))
        for _ in 0..<2 { #expect(cipher.anonymised(Self.number(address)) == Self.number(expected)) }
    }

    @Test(
        arguments: [
            (0, 1, 0x78FF_F001_9FC0_20DF, 0x8380_B1F1_0704_00ED), (0, 2, 0x78FF_F001_9FC0_20DF, 0x8380_B1F1_0704_00EF),
            (0, 0xFFFF, 0x78FF_F001_9FC0_20DF, 0x8380_B1F1_0704_F838),
            (0x2001_0DB8_0000_0000, 1, 0x4401_02BC_603F_D91D, 0x027F_FF8E_E6F1_DC1E),
        ] as [(UInt64, UInt64, UInt64, UInt64)])
    func addressesOfIPv6AreThoseOfOthers(high: UInt64, low: UInt64, mappedHigh: UInt64, mappedLow: UInt64) throws {
        let cipher = try #require(CryptoPAn(key: Self.key))
        for _ in 0..<2 {
            let mapped = cipher.anonymised(high, low)
            #expect(mapped?.high == mappedHigh && mapped?.low == mappedLow)
        }
    }

    @Test func prefixesAreKept() throws {
        let cipher = try #require(CryptoPAn(key: Self.key))
        for bits in 0..<32 {
            let (a, b): (UInt32, UInt32) = (0x0A01_0203, 0x0A01_0203 ^ 1 << (31 - UInt32(bits)))
            let (x, y) = (try #require(cipher.anonymised(a)), try #require(cipher.anonymised(b)))
            #expect((x ^ y).leadingZeroBitCount == bits)
        }
    }

    @Test func keysOfAnotherLengthAreRefused() {
        #expect(CryptoPAn(key: Array(Self.key.dropLast())) == nil && CryptoPAn(key: Self.key + [0]) == nil)
    }
}
