import Octets

/// Powers without the C library, so that results are the same bits on every machine. Accurate to about 1e-15, far
/// beyond what traffic needs.
enum Power {
    /// `base` to the power of `exponent`, for a positive base; 0 where the result is too small to matter.
    static func of(_ base: Double, _ exponent: Double) -> Double {
        let logarithm = NaturalLogarithm.of(base) * exponent
        guard logarithm > -700 else { return 0 }
        guard logarithm < 700 else { return .infinity }
        let whole = (logarithm / NaturalLogarithm.ofTwo).rounded(.down)
        let rest = logarithm - whole * NaturalLogarithm.ofTwo  // 0 ..< ln 2
        var term = 1.0
        var sum = 0.0
        for index in 1...20 {
            sum += term
            term *= rest / Double(index)
        }
        return Double(sign: .plus, exponent: Int(whole), significand: sum)
    }
}
