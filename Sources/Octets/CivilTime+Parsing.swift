extension CivilTime {
    /// Nanoseconds since 1970 UTC of a time as people and logs write it; `nil` where it is none.
    ///
    /// `2024-02-29`, `2024-02-29 23:59`, `2024-02-29T23:59:58.5Z`, `2024-02-29_23-59-58`, `…+01:00`, or seconds since
    /// 1970 such as `1709251198.5`. Without an offset it is UTC.
    public static func nanoseconds(parsing text: String) -> Int64? {
        var reader = TimeReader(text)
        if let seconds = reader.seconds() { return seconds }
        reader = TimeReader(text)
        return reader.date()
    }

    /// Days from 1970-01-01 to a date of the Gregorian calendar; the inverse of `init(nanoseconds:)`.
    static func days(year: Int, month: Int, day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

/// Reads a time from left to right.
private struct TimeReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) { rest = Array(text.utf8.prefix(64))[...] }

    /// Seconds since 1970, with decimals or without.
    mutating func seconds() -> Int64? {
        guard let whole = digits(1...10) else { return nil }
        let fraction = fraction()
        guard rest.isEmpty, let fraction else { return nil }
        return Int64(whole) * 1_000_000_000 + fraction
    }

    mutating func date() -> Int64? {
        guard let year = digits(4...4), take("-"), let month = digits(2...2), take("-"), let day = digits(2...2),
            1...12 ~= month, 1...31 ~= day, 1678...2261 ~= year
        else { return nil }
        let days = CivilTime.days(year: year, month: month, day: day)
        // A day that the month does not have comes out as one of the next.
        guard CivilTime(nanoseconds: Int64(days) * 86_400_000_000_000).day == day else { return nil }
        var seconds = days * 86_400
        var nanoseconds: Int64 = 0
        if take("T") || take("t") || take(" ") || take("_") {
            guard let hour = digits(2...2), take(":") || take("-"), let minute = digits(2...2), hour < 24, minute < 60
            else { return nil }
            seconds += hour * 3600 + minute * 60
            if take(":") || rest.count >= 3 && rest.first == UInt8(ascii: "-") && !isOffset && take("-") {
                guard let second = digits(2...2), second < 61, let fraction = fraction() else { return nil }
                seconds += second
                nanoseconds = fraction
            }
            guard let offset = offset() else { return nil }
            seconds -= offset
        }
        return rest.isEmpty ? Int64(seconds) * 1_000_000_000 + nanoseconds : nil
    }

    /// What comes is `-01:00`, not the seconds of `23-59-58`.
    private var isOffset: Bool { rest.count >= 6 && rest[rest.startIndex + 3] == UInt8(ascii: ":") }

    /// Seconds east of UTC.
    private mutating func offset() -> Int? {
        if take("Z") || take("z") || rest.isEmpty { return 0 }
        let sign = take("+") ? 1 : take("-") ? -1 : 0
        guard sign != 0, let hours = digits(2...2), hours < 24 else { return nil }
        _ = take(":")
        let minutes = rest.isEmpty ? 0 : digits(2...2)
        guard let minutes, minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }

    /// Nanoseconds behind a decimal point; 0 without one.
    private mutating func fraction() -> Int64? {
        guard take(".") else { return 0 }
        let before = rest.count
        guard let digits = digits(1...9) else { return nil }
        var value = Int64(digits)
        for _ in (before - rest.count)..<9 { value *= 10 }
        while let octet = rest.first, 0x30...0x39 ~= octet { rest.removeFirst() }
        return value
    }

    private mutating func digits(_ count: ClosedRange<Int>) -> Int? {
        let digits = rest.prefix(count.upperBound).prefix { 0x30...0x39 ~= $0 }
        guard count.contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }
}
