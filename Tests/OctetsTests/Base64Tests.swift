import Octets
import Testing

@Suite struct Base64Tests {
    private static func decode(_ text: String) -> (octets: [UInt8], wrong: Int?) {
        var octets: [UInt8] = []
        let wrong = Base64.decode(Array(text.utf8).span, into: &octets)
        return (octets, wrong)
    }

    /// RFC 4648 § 10.
    @Test(arguments: [
        ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
        ("Zm9vYmFy", "foobar"),
    ])
    func vectors(text: String, expected: String) {
        let (octets, wrong) = Self.decode(text)
        #expect(octets == Array(expected.utf8) && wrong == nil)
    }

    @Test func everyValueIsRead() {
        #expect(Self.decode("+/A9").octets == [0xFB, 0xF0, 0x3D])
        #expect(Self.decode("AAECAwQFBgcICQoLDA0ODw==").octets == Array(0...15))
    }

    @Test(arguments: [
        ("A", 1), ("AAA", 3), ("AA*A", 2), ("AAAA*AAA", 4), ("AA=A", 2), ("=AAA", 0), ("A===", 1), ("====", 0),
        ("AB==", 1), ("AAB=", 2), ("AA==AAAA", 2), ("AA-A", 2), ("AAA\u{7F}", 3), ("é==", 0), ("AAAAA AAA", 5),
    ])
    func whatIsNotBase64IsRefusedWithItsPlace(text: String, place: Int) {
        #expect(Self.decode(text).wrong == place)
    }
}
