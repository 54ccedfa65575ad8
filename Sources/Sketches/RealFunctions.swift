import Octets

/// The exponential and the normal distribution's quantiles without the C library: results are the same bits on
/// every machine. Accurate to about 1e-14, far beyond what estimates need.
enum RealFunctions {
    /// e to the power of `x`; 0 or infinity where the result is out of range.
    static func exp(_ x: Double) -> Double {
        guard x > -700 else { return 0 }
        guard x < 700 else { return .infinity }
        let whole = (x / NaturalLogarithm.ofTwo).rounded()
        return Double(sign: .plus, exponent: Int(whole), significand: 1 + series(x - whole * NaturalLogarithm.ofTwo))
    }

    /// e to the power of `x`, less 1, also exact for small `x`.
    static func expMinusOne(_ x: Double) -> Double { abs(x) < 0.4 ? series(x) : exp(x) - 1 }

    /// x + x²/2! + x³/3! …, for |x| up to 0.4.
    private static func series(_ x: Double) -> Double {
        var sum = 0.0
        for n in stride(from: 14.0, through: 1, by: -1) { sum = (1 + sum) * (x / n) }
        return sum
    }

    /// How many standard deviations around the mean hold the share `confidence` of a normal distribution (0.95: 1.96).
    ///
    /// Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23: off by at most 0.00045.
    static func deviations(confidence: Double) -> Double {
        let tail = max((1 - confidence) / 2, 1e-300)
        guard tail < 0.5 else { return 0 }
        let t = (-2 * NaturalLogarithm.of(tail)).squareRoot()
        let numerator = 2.515_517 + t * (0.802_853 + t * 0.010_328)
        let denominator = 1 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308))
        return max(0, t - numerator / denominator) + 0.000_45
    }
}
