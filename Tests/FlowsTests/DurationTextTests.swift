import Flows
import Testing

@Suite struct DurationTextTests {
    @Test(
        arguments: [
            ("30s", 30_000_000_000), ("5m", 300_000_000_000), ("1h30m", 5_400_000_000_000), ("1.5s", 1_500_000_000),
            ("250ms", 250_000_000), ("10us", 10_000), ("10µs", 10_000), ("7ns", 7), ("0s", 0), (".5s", 500_000_000),
            ("1.25m", 75_000_000_000), ("0.000000001s", 1), ("0.0000000019s", 1), ("720h", 2_592_000_000_000_000),
        ] as [(String, Int64)]) func reads(text: String, nanoseconds: Int64)
    {
        #expect(DurationText.nanoseconds(text) == nanoseconds)
    }

    @Test(arguments: [
        "", "30", "s", "1x", "-1s", "1s ", "1.2.3s", ".s", "9999999h", "9223372036854775808ns", "1s9223372036s",
    ])
    func refuses(text: String) {
        #expect(DurationText.nanoseconds(text) == nil)
    }

    @Test(arguments: ["1h30m", "1m30s", "30s", "250ms", "1s7ns", "0s"]) func printsWhatItReads(text: String) throws {
        #expect(DurationText.text(nanoseconds: try #require(DurationText.nanoseconds(text))) == text)
    }
}
