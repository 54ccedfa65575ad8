/// A date and time of day in UTC, in the Gregorian calendar extended to all years.
public struct CivilTime: Equatable, Sendable {
    public var year: Int, month: Int, day: Int
    public var hour: Int, minute: Int, second: Int
    /// 0 ..< 1,000,000,000
    public var nanosecond: Int

    /// - Parameter nanoseconds: since 1970-01-01T00:00:00 UTC, leap seconds not counted; negative before.
    ///
    /// Howard Hinnant's algorithm: years begin in March, so the leap day is the last, and 400 years have 146,097 days.
    public init(nanoseconds: Int64) {
        let seconds = Self.floorDivide(nanoseconds, 1_000_000_000)
        nanosecond = seconds.rest
        let days = Self.floorDivide(Int64(seconds.quotient), 86_400)
        second = days.rest % 60
        minute = days.rest / 60 % 60
        hour = days.rest / 3600
        let shifted = days.quotient + 719_468  // days since 0000-03-01
        let era = Self.floorDivide(Int64(shifted), 146_097)
        let dayOfEra = era.rest
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era.quotient * 400 + (month <= 2 ? 1 : 0)
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int, rest: Int) {
        let quotient = value / divisor
        let rest = value - quotient * divisor
        return rest < 0 ? (Int(quotient) - 1, Int(rest + divisor)) : (Int(quotient), Int(rest))
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = "\(value)"
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    private var date: String { "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))" }

    /// `2024-02-29_23-59-58`: the name of a snapshot's directory.
    public var directoryName: String {
        "\(date)_\(Self.padded(hour, 2))-\(Self.padded(minute, 2))-\(Self.padded(second, 2))"
    }

    /// `2024-02-29 23:59:58`
    public var text: String { "\(date) \(clock)" }

    /// `23:59:58`
    public var clock: String { "\(Self.padded(hour, 2)):\(Self.padded(minute, 2)):\(Self.padded(second, 2))" }

    /// `2024-02-29T23:59:58.000000001Z` (RFC 3339), nanoseconds always.
    public var rfc3339: String { "\(date)T\(clock).\(Self.padded(nanosecond, 9))Z" }
}
