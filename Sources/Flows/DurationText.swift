/// Durations in Go's syntax (`time.ParseDuration`), as Go2NetSpectra's files have them: `30s`, `5m`, `1h30m`, `1.5s`;
/// and, beyond that syntax, days of 24 hours: `30d`.
public enum DurationText {
    /// Nanoseconds; `nil` where the text is no duration, is negative, or exceeds 64 bits (292 years).
    public static func nanoseconds(_ text: String) -> Int64? {
        var rest = text[...]
        var sum: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !($0.isASCII && $0.isNumber || $0 == ".") }
            rest = rest.dropFirst(unit.count)
            guard let octets = nanoseconds(perUnit: unit), let part = product(number, octets) else { return nil }
            let (total, overflow) = sum.addingReportingOverflow(part)
            if overflow { return nil }
            sum = total
        }
        return sum
    }

    /// The shortest text in whole units that means this: `90s` is `1m30s`.
    public static func text(nanoseconds: Int64) -> String {
        if nanoseconds == 0 { return "0s" }
        var rest = nanoseconds
        var text = ""
        for (name, size) in [
            ("h", Int64(3_600_000_000_000)), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
            ("us", 1_000), ("ns", 1),
        ] {
            let (count, remainder) = rest.quotientAndRemainder(dividingBy: size)
            if count != 0 { text += "\(count)\(name)" }
            rest = remainder
        }
        return text
    }

    private static func nanoseconds(perUnit unit: Substring) -> Int64? {
        switch unit {
        case "ns": 1
        case "us", "µs", "μs": 1_000
        case "ms": 1_000_000
        case "s": 1_000_000_000
        case "m": 60_000_000_000
        case "h": 3_600_000_000_000
        case "d": 86_400_000_000_000
        default: nil
        }
    }

    /// `1.5` times a unit, cut to whole nanoseconds, without floating point.
    private static func product(_ number: Substring, _ unit: Int64) -> Int64? {
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard 1...2 ~= parts.count, parts.contains(where: { !$0.isEmpty }) else { return nil }
        guard let whole = parts[0].isEmpty ? 0 : Int64(parts[0]) else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        var fraction: Int64 = 0
        var scale = unit
        for digit in parts.count == 2 ? parts[1] : "" {
            // Digit by digit, each worth a tenth of the former; the unit's last decimal place ends it.
            guard let value = digit.wholeNumberValue else { return nil }
            if scale % 10 == 0 {
                scale /= 10
                fraction += Int64(value) * scale
            } else {
                fraction += Int64(value) * scale / 10
                scale = 0
            }
        }
        let (sum, carry) = product.addingReportingOverflow(fraction)
        return carry ? nil : sum
    }
}
