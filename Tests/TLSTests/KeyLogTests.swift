import TLS
import Testing

struct KeyLogTests {
    private static let random = String(repeating: "0a", count: 32)
    private static let randomOctets = [UInt8](repeating: 10, count: 32)

    private static func read(_ text: String, pieces: Int = 1 << 20) -> KeyLog {
        var log = KeyLog()
        let octets = Array(text.utf8)
        for start in stride(from: 0, to: octets.count, by: pieces) {
            log.append(octets.span.extracting(start..<min(start + pieces, octets.count)))
        }
        log.finish()
        return log
    }

    @Test(arguments: KeyLog.Label.allCases) func everyLabelIsRead(label: KeyLog.Label) {
        let log = Self.read("\(label.rawValue) \(Self.random) 0102ff\n")
        #expect(log.secrets(ofClientRandom: Self.randomOctets)?[label] == [1, 2, 255])
        #expect(log.counts.secrets == 1 && log.counts.malformed == 0)
    }

    @Test(arguments: [1, 2, 3, 7, 64]) func anySplitGivesTheSame(pieces: Int) {
        let text = """
            # comment
            CLIENT_RANDOM \(Self.random) aabb\r
            ECH_CONFIG 0102030405060708 aabb

            SERVER_TRAFFIC_SECRET_0 \(Self.random) CCDD
            """
        let log = Self.read(text, pieces: pieces)
        let secrets = log.secrets(ofClientRandom: Self.randomOctets)
        #expect(secrets?[.master] == [0xAA, 0xBB])
        #expect(secrets?[.serverTraffic] == [0xCC, 0xDD])
        #expect(secrets?[.clientTraffic] == [])
        #expect(log.counts.unused == 1 && log.counts.malformed == 0)
    }

    @Test(arguments: [
        "CLIENT_RANDOM 0a0a aabb", "CLIENT_RANDOM \(random)", "CLIENT_RANDOM \(random) abc", "NOT_A_LABEL \(random) aa",
        "CLIENT_RANDOM \(random) xx", "CLIENT_RANDOM \(random) \(String(repeating: "00", count: 65))",
        "RSA 0a0a aabb", "RSA \(random) aabb", "RSA 0102030405060708", "PMS_CLIENT_RANDOM 0102030405060708 aabb",
        "PMS_CLIENT_RANDOM \(random) \(String(repeating: "00", count: 1_025))", "RSA Session-ID:0a Master-Key:aabb",
        "RSA Session-ID: Master-Key:\(String(repeating: "00", count: 48))", "RSA Session-ID:0a \(random)",
        "RSA Session-ID:\(random)0a Master-Key:\(String(repeating: "00", count: 48))",
        String(repeating: "x", count: 100_000), "\u{0}\u{1}\u{2}",
    ])
    func whatIsNoLineIsCounted(line: String) {
        let log = Self.read(line + "\nCLIENT_RANDOM \(Self.random) aabb\n")
        #expect(log.counts.malformed == 1)
        #expect(log.secrets(ofClientRandom: Self.randomOctets)?[.master] == [0xAA, 0xBB])
    }

    @Test func theFirstSecretStays() {
        let log = Self.read(
            "CLIENT_RANDOM \(Self.random) aa\nCLIENT_RANDOM \(Self.random) bb\nCLIENT_RANDOM \(Self.random) aa\n")
        #expect(log.secrets(ofClientRandom: Self.randomOctets)?[.master] == [0xAA])
        #expect(log.counts.conflicting == 1 && log.counts.repeated == 1 && log.generation == 1)
    }
}

extension KeyLogTests {
    /// Wireshark's other forms of lines, each by what it names a connection by.
    @Test(arguments: [1, 5, 1 << 20]) func connectionsAreNamedInOtherWays(pieces: Int) {
        let secret = String(repeating: "ab", count: 48)
        let long = String(repeating: "cd", count: 1_024)
        let log = Self.read(
            """
            RSA 0011223344556677 \(secret)
            RSA 0011223344556677 \(secret)
            RSA 0011223344556677 aa
            PMS_CLIENT_RANDOM \(Self.random) \(long)
            RSA Session-ID:010203 Master-Key:\(secret)
            """, pieces: pieces)
        let octets = [UInt8](repeating: 0xAB, count: 48)
        let longOctets = [UInt8](repeating: 0xCD, count: 1_024)
        let encrypted: [UInt8] = [0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88]
        #expect(log.preMaster(ofClientRandom: [], encrypted: encrypted) == octets)
        #expect(log.preMaster(ofClientRandom: [], encrypted: Array(encrypted[..<7])) == nil)
        #expect(log.preMaster(ofClientRandom: Self.randomOctets, encrypted: []) == longOctets)
        #expect(log.master(ofSession: [1, 2, 3]) == octets && log.master(ofSession: [1, 2]) == nil)
        var counts = KeyLog.Counts()
        (counts.secrets, counts.repeated, counts.conflicting) = (3, 1, 1)
        #expect(log.counts == counts)
        #expect(log.hasPreMasters && !log.isEmpty && log.connectionCount == 0)
    }
}
