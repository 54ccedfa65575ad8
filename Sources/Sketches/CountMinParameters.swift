import Octets

/// The size of a Count-Min, checked.
public struct CountMinParameters: Equatable, Sendable {
    /// Cells of a row.
    public let width: Int
    /// Rows.
    public let depth: Int
    /// Cells are raised only as far as needed; see `CountMin`.
    public let isConservative: Bool

    public init(width: Int, depth: Int, isConservative: Bool = false) throws(SketchFailure) {
        try SketchLimits.check(width, .width, SketchLimits.width)
        try SketchLimits.check(depth, .depth, SketchLimits.depth)
        self.width = width
        self.depth = depth
        self.isConservative = isConservative
        if byteCount > SketchLimits.octetsMax { throw .tooLarge(octets: byteCount) }
    }

    /// The smallest sketch whose estimates exceed the truth by at most the share `error` of everything counted, with
    /// probability `confidence`: width ⌈e / error⌉, depth ⌈ln(1 / (1 - confidence))⌉.
    public init(error: Double, confidence: Double, isConservative: Bool = false) throws(SketchFailure) {
        try SketchLimits.check(error, .error, above: 0, below: 1)
        try SketchLimits.check(confidence, .confidence, above: 0, below: 1)
        let width = (Self.e / error).rounded(.up)
        guard width <= Double(SketchLimits.width.upperBound) else {
            let least = Self.e / Double(SketchLimits.width.upperBound)
            throw .fraction(.error, value: error, above: least, below: 1)
        }
        let depth = max(1, Int(Self.depth(confidence).rounded(.up)))
        try self.init(width: Int(width), depth: depth, isConservative: isConservative)
    }

    private static func depth(_ confidence: Double) -> Double { -NaturalLogarithm.of(1 - confidence) }
    private static let e = 2.718_281_828_459_045

    /// How far an estimate may exceed the truth, of `total` counted.
    public func error(total: UInt64) -> UInt64 {
        let error = (Self.e / Double(width) * Double(total)).rounded(.up)
        return error < Double(total) ? UInt64(error) : total
    }

    /// The probability that it does not exceed it by more.
    public var confidence: Double { 1 - RealFunctions.exp(-Double(depth)) }

    public var byteCount: Int { width * depth * MemoryLayout<SketchCount>.stride }
}
