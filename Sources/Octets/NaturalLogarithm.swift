/// The natural logarithm without the C library: the same bits on every machine, accurate to about 1e-15.
public enum NaturalLogarithm {
    /// That of a positive, normal number.
    public static func of(_ value: Double) -> Double {
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
        return exponent * ofTwo + 2 * sum
    }

    public static let ofTwo = 0.693_147_180_559_945_3
}
