/// Numbers of rules: `10MB`, `1.5G`, `64KiB`, `100Mbit`, `2e6`, `1_000`.
///
/// `k`, `M`, `G`, `T` are powers of 1000, with an `i` behind them of 1024; case counts only to tell `bit` from `B`.
public enum AlertNumber {
    /// - Parameter unit: what may stand behind the number and its prefix, and changes nothing.
    /// - Returns: `nil` where the text is no number from 0 to 10^18.
    public static func value(_ text: some StringProtocol, unit: String) -> Double? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "_") }
        var rest = text.dropFirst(digits.count)
        var factor = 1.0
        var exponent = ""
        if let first = rest.first, first == "e" || first == "E", rest.dropFirst().first?.isNumber == true {
            exponent = String(rest.dropFirst().prefix { $0.isASCII && $0.isNumber })
            rest = rest.dropFirst(1 + exponent.count)
        }
        for (index, letter) in ["k", "m", "g", "t"].enumerated() where rest.first?.lowercased() == letter {
            rest = rest.dropFirst()
            let isBinary = rest.first == "i"
            if isBinary { rest = rest.dropFirst() }
            for _ in 0...index { factor *= isBinary ? 1024 : 1000 }
            break
        }
        guard rest.isEmpty || !unit.isEmpty && rest == unit, digits.first?.isNumber == true, exponent.utf8.count <= 2,
            digits.utf8.count <= 32
        else { return nil }
        let number = String(digits.filter { $0 != "_" }) + (exponent.isEmpty ? "" : "e\(exponent)")
        guard let value = Double(number).map({ $0 * factor }), value <= 1e18 else { return nil }
        return value
    }

    /// The number without `.0`.
    public static func text(_ value: Double) -> String {
        Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}
