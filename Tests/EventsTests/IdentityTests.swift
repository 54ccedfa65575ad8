import Events
import Headers
import Octets
import Testing

/// Keys, names and times.
@Suite struct IdentityTests {
    @Test func uuidTexts() {
        var info = SampleEvents.processInfo
        #expect(info.uuidText == "1234_1235_bash_-1_0")
        info.fd = 5
        info.direction = .sent
        #expect(info.uuidText == "1234_1235_bash_5_1")
        #expect(SampleEvents.v4Info.uuidText == "286331153_572662306_curl_5_1_10.0.0.7:51837-93.184.216.34:443")
        #expect(SampleEvents.v6Info.uuidText.hasSuffix("_5_0_[2001:db8::1]:51837-[2001:db8::2]:443"))
    }

    @Test(arguments: [
        ("10.0.0.7:51837-93.184.216.34:443", "10.0.0.7:51837-93.184.216.34:443"),
        ("[2001:db8::1]:1-[::]:65535", "[2001:db8::1]:1-[::]:65535"), ("::1:80-::2:81", "[::1]:80-[::2]:81"),
    ])
    func tupleTextIsRead(text: String, canonical: String) {
        var info = BaseInfo()
        let isTaken = info.setTuple(text: Array(text.utf8).span)
        #expect(isTaken)
        #expect(info.tupleText == canonical)
    }

    @Test(arguments: [
        "", "-", "10.0.0.7:1", "10.0.0.7:1-", "10.0.0.7-10.0.0.8", "10.0.0.7:65536-10.0.0.8:1", "10.0.0.7:-10.0.0.8:1",
        "10.0.0.7:1-[::1]:1", "[10.0.0.7]:1-10.0.0.8:1", "10.0.0.7:+1-10.0.0.8:1", "10.0.0.7:1-10.0.0.8:1-",
        "[::1:1-[::1]:1", "a:1-b:2",
    ])
    func whatIsNoTupleIsRefused(text: String) {
        var info = SampleEvents.v4Info
        let isTaken = info.setTuple(text: Array(text.utf8).span)
        #expect(!isTaken)
        #expect(info == SampleEvents.v4Info)
    }

    @Test func connectionsAreKeptApartAndThreadsTogether() {
        func key(_ tid: UInt32, _ fd: Int32, _ sock: UInt64) -> ConnectionKey {
            ConnectionKey(pid: 1, tid: tid, fd: fd, sock: sock)
        }
        #expect(key(1, 5, 0xA) == key(2, 6, 0xA))
        #expect(key(1, 5, 0) == key(2, 5, 0))
        #expect(key(1, -1, 0) != key(2, -1, 0))
        #expect(Set([key(7, -1, 0), key(1, 7, 0), key(1, 1, 7)]).count == 3)
        #expect(ConnectionKey(pid: 2, sock: 0xA) != key(1, 5, 0xA))
        #expect(MemoryLayout<ConnectionKey>.size == 16)
    }

    /// Sockets' addresses differ in few bits: their keys spread all the same.
    @Test func mixedKeysSpread() {
        var shards = [Int](repeating: 0, count: 16)
        for index in 0..<16_000 {
            let key = ConnectionKey(pid: 4242, sock: 0xFFFF_8881_0000_0000 + UInt64(index) * 0x0840)
            shards[Int(key.mixed >> 60)] += 1
        }
        #expect(shards.allSatisfy { 850...1150 ~= $0 })
    }

    private static func recorded(_ octets: [UInt8]) -> CommandName { CommandName(octets.span, at: 0) }

    @Test(arguments: ["", "a", "sevenoc", "eightoct", "nineoctet", "fifteen-octets!"])
    func commandNamesKeepTheirOctets(text: String) {
        let octets = Array(text.utf8)
        let padded = octets + [UInt8](repeating: 0, count: 16 - octets.count)
        let name = CommandName(octets)
        #expect(name == Self.recorded(padded))
        #expect(name.octets == octets && name.count == octets.count)
        // What stands behind the first 0 is left from a longer name.
        let stale = octets + [0] + [UInt8](repeating: 0x58, count: 15 - octets.count)
        #expect(Self.recorded(stale) == name)
        #expect(CommandName(stale) == name)
    }

    @Test func aNameWithoutAnEndHasFifteenOctets() {
        let octets = [UInt8](repeating: 0x41, count: 16)
        #expect(Self.recorded(octets).octets == [UInt8](repeating: 0x41, count: 15))
        #expect(CommandName(octets) == Self.recorded(octets))
    }

    @Test func kernelTimesBecomeUnixTimes() {
        let clock = ClockOffset(unix: 1_700_000_000_000_000_500, monotonic: 500)
        #expect(clock.nanoseconds == 1_700_000_000_000_000_000)
        #expect(clock.unix(0) == 1_700_000_000_000_000_000)
        #expect(clock.unix(1_000_000_001) == 1_700_000_001_000_000_001)
        #expect(clock.unix(.max) == .max)
        #expect(ClockOffset(nanoseconds: -10).unix(3) == -7)
        #expect(ClockOffset.none.unix(UInt64(bitPattern: -5)) == -5)
    }

    @Test func recordTimesAreConverted() throws {
        let clock = ClockOffset(nanoseconds: 1_000)
        for record in SampleEvents.all {
            guard let event = record.event else { continue }
            let read = try EventRecord(record.encoded, clock: clock)
            #expect(read.event?.baseInfo.time == event.baseInfo.time + 1_000)
        }
    }

    @Test func tlsVersionsHaveNames() {
        let names = [0x0303, 0x0304, 0x0300, 0xFEFD, 0].map { TLSVersion(rawValue: $0).description }
        #expect(names == ["TLS 1.2", "TLS 1.3", "SSL 3.0", "DTLS 1.2", "unknown"])
        #expect(TLSVersion(rawValue: 0x0305).description == "0x0305")
    }
}
