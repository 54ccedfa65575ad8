import Octets
import Outputs
import Testing

@Suite struct TextTests {
    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00.000000000Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
        (951_782_399_000_000_000, "2000-02-28T23:59:59.000000000Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
        (951_868_800_000_000_000, "2000-03-01T00:00:00.000000000Z"),
        (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
        (4_107_456_000_000_000_000, "2100-02-28T00:00:00.000000000Z"),
        (1_709_251_198_000_000_001, "2024-02-29T23:59:58.000000001Z"),
        (-2_208_988_800_000_000_000, "1900-01-01T00:00:00.000000000Z"), (.max, "2262-04-11T23:47:16.854775807Z"),
        (.min, "1677-09-21T00:12:43.145224192Z"),
    ]) func datesOfTheCalendar(nanoseconds: Int64, text: String) {
        #expect(CivilTime(nanoseconds: nanoseconds).rfc3339 == text)
    }

    /// Every day of 600 years follows the one before it.
    @Test func everyDayFollowsTheOneBefore() {
        var wrong = 0
        var last = CivilTime(nanoseconds: -106_000 * 86_400_000_000_000)
        for day in -105_999...105_999 {
            let date = CivilTime(nanoseconds: Int64(day) * 86_400_000_000_000)
            let isLeap = last.year % 4 == 0 && (last.year % 100 != 0 || last.year % 400 == 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            let endsMonth = last.day == lengths[last.month - 1]
            let endsYear = endsMonth && last.month == 12
            let expected = (
                endsYear ? last.year + 1 : last.year, endsMonth ? last.month % 12 + 1 : last.month,
                endsMonth ? 1 : last.day + 1
            )
            if (date.year, date.month, date.day) != expected { wrong += 1 }
            last = date
        }
        #expect(wrong == 0)
    }

    @Test(arguments: [
        (UInt64(0), "0 B"), (999, "999 B"), (1000, "1.00 kB"), (9994, "9.99 kB"), (9995, "10.0 kB"),
        (99_949, "99.9 kB"),
        (99_950, "100 kB"), (999_499, "999 kB"), (999_500, "1.00 MB"), (1_543_210, "1.54 MB"), (.max, "18.4 EB"),
    ]) func bytesForPeople(value: UInt64, text: String) {
        #expect(HumanUnits.bytes(value) == text)
    }

    @Test(arguments: [
        (UInt64(0), "0 s"), (999, "999 ns"), (1500, "1.5 µs"), (12_345_678, "12.3 ms"), (2_345_000_000, "2.35 s"),
        (200_000_000_000, "3 m 20 s"), (18_180_000_000_000, "5 h 03 m"), (187_200_000_000_000, "2 d 04 h"),
    ]) func durationsForPeople(value: UInt64, text: String) {
        #expect(HumanUnits.duration(value) == text)
    }

    @Test func numbersForPeople() {
        #expect(HumanUnits.grouped(0) == "0")
        #expect(HumanUnits.grouped(1_234_567) == "1,234,567")
        #expect(HumanUnits.percent(1, of: 3) == "33.3")
        #expect(HumanUnits.percent(1, of: 10_000) == "<0.1")
        #expect(HumanUnits.percent(0, of: 10_000) == "0.0")
        #expect(HumanUnits.percent(0, of: 0) == "-")
        #expect(HumanUnits.decimal(-1.25, 1) == "-1.3")
        #expect(HumanUnits.decimal(0.0005, 3) == "0.001")
        #expect(HumanUnits.bitsPerSecond(.infinity) == "-")
    }

    @Test func jsonStringsAreEscaped() {
        #expect(JSONText.quoted("a\"b\\c\n\r\t\u{0}\u{1F}é") == "\"a\\\"b\\\\c\\n\\r\\t\\u0000\\u001fé\"")
    }

    @Test func tablesDropAndCutColumnsToFit() {
        var table = TextTable([
            .init("Name", .left, canBeCut: true), .init("Count"), .init("Detail", .left, rank: 2),
            .init("Rate", rank: 1),
        ])
        table.rows = [["a long name indeed", "1", "detail", "5"], ["b", "1,000", "", "6"]]
        #expect(
            table.text() == """
                  Name                Count  Detail  Rate
                  a long name indeed      1  detail     5
                  b                   1,000             6

                """)
        #expect(
            table.text(width: 33) == """
                  Name                Count  Rate
                  a long name indeed      1     5
                  b                   1,000     6

                """)
        #expect(
            table.text(width: 20) == """
                  Name         Count
                  a lon…ndeed      1
                  b            1,000

                """)
    }

    /// What can be cut goes down to eight columns first, and to four only where that is not enough; an indentation goes
    /// before letters do.
    @Test func narrowTablesKeepNames() {
        var table = TextTable([.init("Protocol", .left, canBeCut: true), .init("Packets")])
        table.rows = [["Ethernet", "9"], ["      ICMPv6", "9"]]
        #expect(
            table.text(width: 19) == """
                  Protocol  Packets
                  Ethernet        9
                    ICMPv6        9

                """)
        #expect(table.text(width: 15).split(separator: "\n").map(\.count) == [15, 15, 15])
    }

    @Test func textIsWrappedAtBlanks() {
        #expect(TextTable.wrapped("a.pcap  (pcapng, Ethernet)", to: 16) == ["a.pcap  (pcapng,", "Ethernet)"])
        #expect(TextTable.wrapped("a.pcap  (pcapng, Ethernet)", to: 8) == ["a.pcap", "(pcapng,", "Ethernet)"])
        #expect(TextTable.wrapped("a/long/path is whole", to: 4) == ["a/long/path", "is", "whole"])
        #expect(TextTable.wrapped("", to: 4) == [""] && TextTable.wrapped("a b", to: 3) == ["a b"])
    }

    @Test func servicesHaveNames() {
        #expect(ServiceNames.name(443, protocol: 6) == "https")
        #expect(ServiceNames.name(443, protocol: 17) == "quic")
        #expect(ServiceNames.name(53) == "dns")
        #expect(ServiceNames.name(53, protocol: 1) == nil)
        #expect(ServiceNames.name(protocol: 58) == "ICMPv6")
        #expect(ServiceNames.name(protocol: 200) == "200")
    }
}
