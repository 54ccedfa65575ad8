/// Logarithms and powers without the C library, so that results are the same bits on every machine. Accurate to about
/// 1e-15, far beyond what traffic needs.
enum Logarithm {
    /// The natural logarithm of a positive, normal number.
    static func natural(_ value: Double) -> Double {
        // value = 2^exponent · significand, and ln m = 2 · artanh((m - 1) / (m + 1)), whose series converges fast for
        // m in 1 / √2 ... √2.
        var exponent = Double(value.exponent)
        var significand = value.significand
        if significand > 1.414_213_562_373_095_1 {
            significand /= 2
            exponent += 1
        }
        let ratio = (significand - 1) / (significand + 1)
        let square = ratio * ratio
        var term = ratio
        var sum = 0.0
        for denominator in stride(from: 1.0, through: 23, by: 2) {
            sum += term / denominator
            term *= square
        }
        return exponent * naturalOfTwo + 2 * sum
    }

    /// `base` to the power of `exponent`, for a positive base; 0 where the result is too small to matter.
    static func power(_ base: Double, _ exponent: Double) -> Double {
        let logarithm = natural(base) * exponent
        guard logarithm > -700 else { return 0 }
        guard logarithm < 700 else { return .infinity }
        let whole = (logarithm / naturalOfTwo).rounded(.down)
        let rest = logarithm - whole * naturalOfTwo  // 0 ..< ln 2
        var term = 1.0
        var sum = 0.0
        for index in 1...20 {
            sum += term
            term *= rest / Double(index)
        }
        return Double(sign: .plus, exponent: Int(whole), significand: sum)
    }

    private static let naturalOfTwo = 0.693_147_180_559_945_3
}
