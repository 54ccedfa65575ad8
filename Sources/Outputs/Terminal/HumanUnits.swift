/// Numbers for people: decimal units (1 kB = 1000 octets, as networks count), three significant digits.
public enum HumanUnits {
    private static let steps = ["", "k", "M", "G", "T", "P", "E"]

    /// `999`, `1.23 k`, `45.6 M` with a unit behind: `1.23 kB`.
    public static func scaled(_ value: Double, _ unit: String) -> String {
        guard value.isFinite, value >= 0 else { return "-" }
        var rest = value
        var step = 0
        // 999.5 would be printed as 1000 in three digits.
        while rest >= 999.5, step < steps.count - 1 {
            rest /= 1000
            step += 1
        }
        let digits = step == 0 ? (rest == Double(UInt64(rest)) ? 0 : 1) : rest < 9.995 ? 2 : rest < 99.95 ? 1 : 0
        let suffix = steps[step] + unit
        return decimal(rest, digits) + (suffix.isEmpty ? "" : " " + suffix)
    }

    public static func bytes(_ value: UInt64) -> String { scaled(Double(value), "B") }
    public static func bitsPerSecond(_ value: Double) -> String { scaled(value, "bit/s") }
    public static func packetsPerSecond(_ value: Double) -> String { scaled(value, "pkt/s") }

    /// Groups of three: `1,234,567`.
    public static func grouped(_ value: UInt64) -> String {
        let digits = Array("\(value)".utf8)
        var text: [UInt8] = []
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(0x2C) }
            text.append(digit)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A share in percent with one decimal; `<0.1` where something would print as nothing.
    public static func percent(_ part: UInt64, of whole: UInt64) -> String {
        guard whole > 0 else { return "-" }
        let share = 100 * Double(part) / Double(whole)
        if part > 0, share < 0.05 { return "<0.1" }
        return decimal(share, 1)
    }

    /// A span of time: `0 s`, `12 ns`, `1.5 ms`, `2.345 s`, `3 m 20 s`, `5 h 03 m`, `2 d 04 h`.
    public static func duration(_ nanoseconds: UInt64) -> String {
        func two(_ value: UInt64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let seconds = nanoseconds / 1_000_000_000
        switch nanoseconds {
        case 0: return "0 s"
        case ..<1_000: return "\(nanoseconds) ns"
        case ..<1_000_000: return decimal(Double(nanoseconds) / 1e3, 1) + " µs"
        case ..<1_000_000_000: return decimal(Double(nanoseconds) / 1e6, 1) + " ms"
        case ..<60_000_000_000: return decimal(Double(nanoseconds) / 1e9, 2) + " s"
        default: break
        }
        if seconds < 3600 { return "\(seconds / 60) m \(two(seconds % 60)) s" }
        if seconds < 86_400 { return "\(seconds / 3600) h \(two(seconds / 60 % 60)) m" }
        return "\(seconds / 86_400) d \(two(seconds / 3600 % 24)) h"
    }

    /// A number with exactly `digits` (0 ... 3) decimals, rounded half up; without any from 2^53 on.
    public static func decimal(_ value: Double, _ digits: Int) -> String {
        let factor: UInt64 = digits == 0 ? 1 : digits == 1 ? 10 : digits == 2 ? 100 : 1000
        let sign = value < 0 ? "-" : ""
        let magnitude = value.magnitude
        guard magnitude < 9_007_199_254_740_992 else { return sign + "\(UInt64(min(magnitude, 1.8e19)))" }
        let scaled = UInt64(magnitude * Double(factor) + 0.5)
        guard digits > 0 else { return sign + "\(scaled)" }
        let fraction = "\(scaled % factor)"
        return sign + "\(scaled / factor)." + String(repeating: "0", count: digits - fraction.utf8.count) + fraction
    }
}
