/// Nanoseconds since 1970 as the NTP timestamps of `dateTimeNanoseconds` (RFC 7011 § 6.1.10, RFC 5905 § 6), exactly.
///
/// An NTP timestamp counts units of 2⁻³² s since 1900. A unit is shorter than a nanosecond, so a time rounded **up**
/// to a whole unit lies less than a nanosecond behind the time it stands for, and rounding down gives that time back.
/// Its 32 bits of seconds end in February 2036 (era 0), and readers take those with a clear first bit for the next era
/// (RFC 4330 § 3). Times outside 1968 … 2036 therefore need their milliseconds beside them.
public enum NTPTime {
    /// 1900 to 1970: 70 years, 17 of them leap years.
    static let secondsTo1970: Int64 = 2_208_988_800
    static let nanosecondsPerSecond: Int64 = 1_000_000_000

    /// Whether `time` lies in 1968-01-20T03:14:08 ..< 2036-02-07T06:28:16, so that its timestamp alone tells it.
    @inline(always) public static func isUnambiguous(_ time: Int64) -> Bool {
        time >= -61_505_152_000_000_000 && time < 2_085_978_496_000_000_000
    }

    /// The timestamp of a time, of whatever era.
    public static func timestamp(_ time: Int64) -> UInt64 {
        // Division rounds towards zero; the correction makes the rest non-negative. `Int64.min` survives: the quotient
        // is far from the limits, and the rest is computed modulo 2^64.
        var seconds = time / 1_000_000_000
        var rest = time &- seconds &* 1_000_000_000
        if rest < 0 {
            rest &+= 1_000_000_000
            seconds &-= 1
        }
        // rest < 2^30, so the shifted value stays below 2^62.
        let fraction = (UInt64(bitPattern: rest) << 32 &+ 999_999_999) / 1_000_000_000
        return UInt64(bitPattern: seconds &+ 2_208_988_800) << 32 | fraction
    }

    /// The time of a timestamp of era 0.
    public static func time(_ timestamp: UInt64) -> Int64 {
        (Int64(timestamp >> 32) &- secondsTo1970) &* nanosecondsPerSecond &+ nanoseconds(timestamp)
    }

    /// The time of a timestamp whose milliseconds since 1970 (two's complement) are known: they give the seconds of any
    /// era. `nil` where the two contradict each other or the time does not fit 64 bits.
    public static func time(_ timestamp: UInt64, milliseconds: UInt64) -> Int64? {
        let milliseconds = Int64(bitPattern: milliseconds)
        let seconds = milliseconds.floorQuotient(1000)
        let nanoseconds = nanoseconds(timestamp)
        guard UInt64(bitPattern: seconds &+ secondsTo1970) & 0xFFFF_FFFF == timestamp >> 32,
            milliseconds &- seconds &* 1000 == nanoseconds / 1_000_000
        else { return nil }
        return whole(seconds: seconds, nanoseconds: nanoseconds)
    }

    /// Milliseconds since 1970, rounded down, in two's complement before 1970.
    public static func milliseconds(_ time: Int64) -> UInt64 { UInt64(bitPattern: time.floorQuotient(1_000_000)) }

    @inline(always) static func nanoseconds(_ timestamp: UInt64) -> Int64 {
        // Both factors are below 2^32.
        Int64(bitPattern: ((timestamp & 0xFFFF_FFFF) &* 1_000_000_000) >> 32)
    }

    private static func whole(seconds: Int64, nanoseconds: Int64) -> Int64? {
        // Towards zero from both sides: near `Int64.min` the product alone may overflow although the sum does not.
        let (up, rest) = seconds < 0 ? (seconds + 1, nanoseconds - nanosecondsPerSecond) : (seconds, nanoseconds)
        let (product, overflow) = up.multipliedReportingOverflow(by: nanosecondsPerSecond)
        let (sum, overflowed) = product.addingReportingOverflow(rest)
        return overflow || overflowed ? nil : sum
    }
}

extension Int64 {
    /// The quotient rounded towards minus infinity, by a positive divisor.
    @inline(always) func floorQuotient(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self &- quotient &* divisor < 0 ? quotient &- 1 : quotient
    }
}
