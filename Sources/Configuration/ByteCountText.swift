/// Sizes of memory as people write them: `512MiB`, `2GiB`, `64k`, `1GB`, `1048576`.
///
/// With `i` (and for a bare `k`, `M`, `G`, `T`) a unit is a power of 1024; `kB`, `MB`, `GB`, `TB` are powers of 1000.
/// Case does not count.
public enum ByteCountText {
    /// Bytes; `nil` where the text is no size or exceeds 64 bits.
    public static func bytes(_ text: String) -> UInt64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        var unit = text.dropFirst(digits.count)
        while unit.first == " " { unit.removeFirst() }
        guard let number = UInt64(digits), let size = bytes(perUnit: unit.lowercased()) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: size)
        return overflow ? nil : product
    }

    private static func bytes(perUnit unit: String) -> UInt64? {
        switch unit {
        case "", "b": 1
        case "k", "ki", "kib": 1 << 10
        case "m", "mi", "mib": 1 << 20
        case "g", "gi", "gib": 1 << 30
        case "t", "ti", "tib": 1 << 40
        case "kb": 1_000
        case "mb": 1_000_000
        case "gb": 1_000_000_000
        case "tb": 1_000_000_000_000
        default: nil
        }
    }
}
