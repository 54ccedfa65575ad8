import CaptureTestSupport
import Testing

@testable import CaptureFiles

/// Ticks to nanoseconds: every resolution octet there is, exact.
@Suite struct TimeResolutionTests {
    func nanoseconds(_ octet: UInt8, _ ticks: UInt64, offset: Int64 = 0) -> Int64 {
        var interface = CaptureInterface(linkType: 1)
        interface.resolution = TimeResolution(octet: octet)
        interface.offsetSeconds = offset
        return InterfaceClock(interface).nanoseconds(ticks)
    }

    @Test func convertsKnownValues() {
        #expect(nanoseconds(0, 5) == 5_000_000_000)
        #expect(nanoseconds(3, 1234) == 1_234_000_000)
        #expect(nanoseconds(6, 1_700_000_000_123_456) == 1_700_000_000_123_456_000)
        #expect(nanoseconds(9, 1_700_000_000_123_456_789) == 1_700_000_000_123_456_789)
        #expect(nanoseconds(10, 19) == 1)
        #expect(nanoseconds(12, 1_999_999_999_999) == 1_999_999_999)
        // The largest counter of picoseconds: 213 days after 1970.
        #expect(nanoseconds(12, .max) == 18_446_744_073_709_551)
        #expect(nanoseconds(19, .max) == 1_844_674_407)
        #expect(nanoseconds(20, .max) == 184_467_440)
        #expect(nanoseconds(28, .max) == 1)
        #expect(nanoseconds(29, .max) == 0)
        #expect(nanoseconds(127, .max) == 0)
        #expect(nanoseconds(0x80, 5) == 5_000_000_000)
        #expect(nanoseconds(0x8A, 1536) == 1_500_000_000)
        // 1/2²⁰ s is 953.67… ns.
        #expect(nanoseconds(0x94, 1) == 953)
        #expect(nanoseconds(0x94, 1 << 20) == 1_000_000_000)
        #expect(nanoseconds(0xBF, .max) == 1_999_999_999)
        #expect(nanoseconds(0xC0, .max) == 999_999_999)
        #expect(nanoseconds(0xFF, .max) == 0)
    }

    @Test func addsTheOffset() {
        #expect(nanoseconds(6, 1, offset: 1_000_000_000) == 1_000_000_000_000_001_000)
        #expect(nanoseconds(6, 1, offset: -1) == -999_999_000)
        // Beyond 64 bits until the offset is added.
        #expect(nanoseconds(0, 18_000_000_000, offset: -17_000_000_000) == 1_000_000_000_000_000_000)
    }

    @Test func clampsWhatNanosecondsCannotSay() {
        #expect(nanoseconds(0, .max) == .max)
        #expect(nanoseconds(6, .max) == .max)
        #expect(nanoseconds(9, .max) == .max)
        #expect(nanoseconds(9, 0, offset: .min) == .min)
        #expect(nanoseconds(9, 0, offset: .max) == .max)
        #expect(nanoseconds(0xFF, .max, offset: .max) == .max)
    }

    @Test func clampedTimesAreCounted() {
        var writer = PcapngWriter()
        var octets: [UInt8] = []
        var interface = CaptureInterface(linkType: 1)
        interface.offsetSeconds = .max
        writer.appendSectionHeader(to: &octets)
        writer.appendInterface(interface, to: &octets)
        writer.appendPacket(time: 1, frame: [1].span, to: &octets)
        let parsed = ParsedCapture(octets)
        #expect(parsed.frames.map(\.time) == [.max])
        #expect(parsed.parser.statistics.clampedTimes == 1)
    }

    /// Every octet: neither direction traps, and a time written and read again is the same or, where the resolution is
    /// coarser than a nanosecond or has too few bits, does not come back later than it was by more than a tick.
    @Test func everyOctetGoesBothWays() {
        let times: [Int64] = [.min, -1, 0, 1, 999_999_999, 1_700_000_000_123_456_789, .max]
        for octet in UInt8.min...UInt8.max {
            let resolution = TimeResolution(octet: octet)
            for time in times {
                for offset: Int64 in [0, 1, -1, 1_000_000_000, .max, .min] {
                    let ticks = PcapngWriter.ticks(time, resolution, offset)
                    let back = nanoseconds(octet, ticks, offset: offset)
                    guard ticks > 0, ticks < .max else { continue }
                    let exponent = Int(resolution.exponent)
                    if resolution.isBinary ? exponent >= 30 : exponent >= 9 { #expect(back == time) }
                }
            }
        }
    }

    @Test(arguments: [6, 9, 0x94, 0x9E, 3] as [UInt8]) func writtenPacketsKeepTheirTime(octet: UInt8) {
        var writer = PcapngWriter(byteOrder: .bigEndian)
        var octets: [UInt8] = []
        var interface = CaptureInterface(linkType: 1)
        interface.resolution = TimeResolution(octet: octet)
        writer.appendSectionHeader(to: &octets)
        writer.appendInterface(interface, to: &octets)
        // A time every one of the resolutions can say: 1/8 s.
        let time: Int64 = 1_700_000_000_125_000_000
        writer.appendPacket(time: time, frame: [1].span, to: &octets)
        #expect(ParsedCapture(octets).frames.map(\.time) == [time])
    }
}
