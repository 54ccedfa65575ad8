import Events
import Octets
import Pipeline
import Testing

/// Secrets from the kernel's records: each once.
@Suite struct SecretRecordsTests {
    private static func record(_ purpose: MasterSecretEvent.Secret, random: UInt8, secret: [UInt8]) -> [UInt8] {
        var info = BaseInfo()
        info.time = 7
        info.pid = 11
        var event = MasterSecretEvent(
            info: info, tlsVersion: TLSVersion(rawValue: 0x0304), cipher: 0,
            clientRandom: [UInt8](repeating: random, count: 32))
        event[purpose] = secret
        var buffer = OctetBuffer()
        event.encode(into: &buffer)
        return [UInt8](buffer)
    }

    private static let secret = [UInt8](repeating: 0xAB, count: 48)

    private func take(_ records: [[UInt8]]) -> (given: [DerivedSecret], counts: SecretRecords) {
        var secrets = SecretRecords(clock: ClockOffset(unix: 1_000, monotonic: 0))
        var given: [DerivedSecret] = []
        for record in records { secrets.take(record.span) { given.append($0) } }
        #expect(
            secrets.records == secrets.delivered + secrets.repeated + secrets.conflicting + secrets.damaged)
        return (given, secrets)
    }

    @Test func aSecretIsALineOfAKeyLog() throws {
        let (given, _) = take([Self.record(.clientHandshakeTraffic, random: 1, secret: Self.secret)])
        let secret = try #require(given.first)
        #expect(secret.info.pid == 11 && secret.info.time == 1_007 && secret.purpose == .clientHandshakeTraffic)
        var line = OctetBuffer()
        secret.appendKeyLog(to: &line)
        let random = String(repeating: "01", count: 32)
        let expected = "CLIENT_HANDSHAKE_TRAFFIC_SECRET \(random) \(String(repeating: "ab", count: 48))\n"
        #expect(String(decoding: [UInt8](line), as: UTF8.self) == expected)
    }

    /// Both ends of a connection are often programs of the same machine.
    @Test func whatBothEndsDeriveIsGivenOnce() {
        let one = Self.record(.master, random: 1, secret: Self.secret)
        let (given, counts) = take([one, Self.record(.exporter, random: 1, secret: Self.secret), one])
        #expect(given.map(\.purpose) == [.master, .exporter])
        #expect(counts.delivered == 2 && counts.repeated == 1 && counts.connections == 1)
    }

    /// One of two different secrets is wrong; the second says nothing.
    @Test func anotherSecretForTheSamePurposeIsLeftOut() {
        let (given, counts) = take([
            Self.record(.master, random: 1, secret: Self.secret), Self.record(.master, random: 1, secret: [1, 2, 3]),
            Self.record(.master, random: 2, secret: [1, 2, 3]),
        ])
        #expect(given.count == 2 && counts.conflicting == 1 && counts.connections == 2)
    }

    @Test func updatedSecretsAreLinesOfTheirOwn() {
        let first = Self.record(.serverApplicationTraffic, random: 1, secret: Self.secret)
        let updates = [UInt8(1), 2].map { number in
            let secret = [UInt8](repeating: number, count: 48)
            var record = Self.record(.serverApplicationTraffic, random: 1, secret: secret)
            record[42] = 1
            return record
        }
        let (given, counts) = take([first] + updates + updates)
        let labels = ["SERVER_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_N", "SERVER_TRAFFIC_SECRET_N"]
        #expect(given.map(\.keyLogLabel) == labels)
        #expect(given.map(\.isUpdate) == [false, true, true] && counts.repeated == 2 && counts.conflicting == 0)
    }

    @Test func everyShorterRecordIsDamaged() {
        let whole = Self.record(.master, random: 1, secret: Self.secret)
        for count in whole.indices {
            let (given, counts) = take([Array(whole[..<count])])
            #expect(given.isEmpty && counts.damaged == 1)
        }
        #expect(take([Self.record(.master, random: 1, secret: [])]).counts.damaged == 1, "a record without a secret")
    }

    /// What is remembered is bounded: the oldest connections are forgotten first.
    @Test func manyConnectionsAreRemembered() {
        var secrets = SecretRecords(clock: ClockOffset(unix: 0, monotonic: 0))
        func record(_ number: Int) -> [UInt8] {
            var record = Self.record(.master, random: 0, secret: Self.secret)
            for octet in 0..<4 { record[48 + octet] = UInt8(truncatingIfNeeded: number >> (octet * 8)) }
            return record
        }
        for number in 0..<40_000 { secrets.take(record(number).span) { _ in } }
        for number in 20_000..<40_000 { secrets.take(record(number).span) { _ in } }
        #expect(secrets.delivered == 40_000 && secrets.repeated == 20_000)
    }
}
