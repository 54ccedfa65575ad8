/// What is wrong with the parameters of a sketch, or with two sketches that were to be merged.
public enum SketchFailure: Error, Equatable, Sendable {
    /// A whole number outside of what its parameter allows.
    case outOfRange(SketchParameter, value: Int, ClosedRange<Int>)
    /// A fraction that is not above `above` and below `below`; also no number at all.
    case fraction(SketchParameter, value: Double, above: Double, below: Double)
    /// The parameters are right one by one, and together need more memory than `SketchLimits.octetsMax`.
    case tooLarge(octets: Int)
    /// Only sketches with equal parameters and an equal seed can be merged.
    case unlike
}

/// A parameter by the name that settings have for it.
public enum SketchParameter: String, Equatable, Sendable {
    case width, depth, error, confidence, m, size, base, b, precision, counters
}

/// What no parameters can exceed, whoever wrote them.
public enum SketchLimits {
    public static let width = 1...(1 << 28)
    public static let depth = 1...16
    /// Registers per cell of a SuperSpread.
    public static let registers = 1...65_536
    /// Bits of a register.
    public static let registerBits = 1...6
    /// Logarithm of a HyperLogLog's registers.
    public static let precision = 4...18
    /// Counters of a Space-Saving.
    public static let counters = 1...(1 << 24)
    /// Of one sketch.
    public static let octetsMax = 8 << 30

    static func check(
        _ value: Int, _ parameter: SketchParameter, _ range: ClosedRange<Int>
    ) throws(SketchFailure) {
        guard range.contains(value) else { throw .outOfRange(parameter, value: value, range) }
    }

    static func check(
        _ value: Double, _ parameter: SketchParameter, above: Double, below: Double
    ) throws(SketchFailure) {
        // Written so that NaN fails.
        guard value > above, value < below else {
            throw .fraction(parameter, value: value, above: above, below: below)
        }
    }
}

extension SketchFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .outOfRange(let parameter, let value, let range):
            "\(parameter.rawValue): \(value) is not between \(range.lowerBound) and \(range.upperBound)"
        case .fraction(let parameter, let value, let above, let below):
            below.isFinite
                ? "\(parameter.rawValue): \(value) is not above \(above) and below \(below)"
                : "\(parameter.rawValue): \(value) is not a number above \(above)"
        case .tooLarge(let octets):
            "the sketch would take \(octets >> 20) MiB, more than \(SketchLimits.octetsMax >> 20) MiB"
        case .unlike: "only sketches with equal parameters and an equal seed can be merged"
        }
    }
}
