import Flows
import Headers
import Testing

@Suite struct AddressTextTests {
    /// The second text is the canonical one, RFC 5952 § 4.
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("255.1.20.3", "255.1.20.3"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("2001:db8::0:1:2", "2001:db8::1:2"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
    ]) func reads(text: String, canonical: String) throws {
        #expect(try #require(IPAddress(text: text)).description == canonical)
    }

    @Test(arguments: [
        "", ".", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "+1.2.3.4", ":", ":::", "1:::2", "1::2::3",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", "fe80::1%eth0", "1.2.3.4::",
        "::1.2.3",
        "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", ":1:2:3:4:5:6:7:8", "::+1", "host",
    ]) func refuses(text: String) {
        #expect(IPAddress(text: text) == nil)
    }
}
