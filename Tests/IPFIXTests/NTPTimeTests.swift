import CaptureTestSupport
import IPFIX
import TestSupport
import Testing

@Suite struct NTPTimeTests {
    /// Every nanosecond's rounding is one of 10^9 cases: the edges of a second and a seeded million between them.
    @Test func timesOfEra0SurviveExactly() {
        var random = SeededGenerator(seed: 1)
        var wrong = 0
        for index in 0..<1_000_000 {
            let second = Int64.random(in: -2_208_988_800..<2_085_978_496, using: &random) * 1_000_000_000
            let time =
                second
                + (index < 2000
                    ? Int64(index % 1000) + (index < 1000 ? 0 : 999_999_000)
                    : .random(in: 0..<1_000_000_000, using: &random))
            if NTPTime.time(NTPTime.timestamp(time)) != time { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    @Test func theTimestampIsThatOfTheEpochs() {
        #expect(NTPTime.timestamp(-2_208_988_800_000_000_000) == 0)
        #expect(NTPTime.timestamp(0) == 2_208_988_800 << 32)
        #expect(NTPTime.timestamp(500_000_000) == UInt64(2_208_988_800) << 32 | 0x8000_0000)
        #expect(NTPTime.timestamp(2_085_978_495_999_999_999) == 0xFFFF_FFFF_FFFF_FFFC)
        #expect(NTPTime.isUnambiguous(2_085_978_495_999_999_999))
        #expect(!NTPTime.isUnambiguous(2_085_978_496_000_000_000))
        #expect(NTPTime.timestamp(-61_505_152_000_000_000) == UInt64(0x8000_0000) << 32)
        #expect(NTPTime.isUnambiguous(-61_505_152_000_000_000))
        #expect(!NTPTime.isUnambiguous(-61_505_152_000_000_001))
    }

    @Test func timesOfAnyEraSurviveWithTheirMilliseconds() {
        var random = SeededGenerator(seed: 2)
        let edges: [Int64] = [.min, .min + 1, .max, .max - 1, 0, -1, 2_085_978_496_000_000_000]
        for time in edges + (0..<100_000).map({ _ in Int64(bitPattern: random.next()) }) {
            #expect(NTPTime.time(NTPTime.timestamp(time), milliseconds: NTPTime.milliseconds(time)) == time)
        }
    }

    @Test func contradictionsAreRefused() {
        let timestamp = NTPTime.timestamp(1_000_000_000)
        #expect(NTPTime.time(timestamp, milliseconds: 1000) == 1_000_000_000)
        #expect(NTPTime.time(timestamp, milliseconds: 1001) == nil)
        #expect(NTPTime.time(timestamp, milliseconds: 2000) == nil)
        // Beyond 64 bits of nanoseconds, although seconds and fraction agree.
        let far = UInt64(Int64.max / 1000 / 1000 * 1000) + 4_294_967_296_000
        let seconds = (Int64(far) / 1000 + 2_208_988_800) & 0xFFFF_FFFF
        #expect(NTPTime.time(UInt64(seconds) << 32, milliseconds: far / 1000 * 1000) == nil)
    }
}
