import Octets

/// The size of a SuperSpread, checked. The names are those of Go2NetSpectra's settings.
public struct SuperSpreadParameters: Equatable, Sendable {
    /// Cells of a row.
    public let width: Int
    /// Rows.
    public let depth: Int
    /// Registers of a cell.
    public let m: Int
    /// Bits of a register: it holds ranks up to 2^size - 1.
    public let size: Int
    /// The share of elements that goes on from one rank to the next.
    public let base: Double
    /// How fast a cell's key grows safe from others: at a value of v, one of them takes 1 from it with
    /// probability b^-v.
    public let b: Double

    public static let mDefault = 128, sizeDefault = 5, depthDefault = 3, baseDefault = 0.5, bDefault = 1.08

    public init(
        width: Int, depth: Int = depthDefault, m: Int = mDefault, size: Int = sizeDefault, base: Double = baseDefault,
        b: Double = bDefault
    ) throws(SketchFailure) {
        try SketchLimits.check(width, .width, SketchLimits.width)
        try SketchLimits.check(depth, .depth, SketchLimits.depth)
        try SketchLimits.check(m, .m, SketchLimits.registers)
        try SketchLimits.check(size, .size, SketchLimits.registerBits)
        try SketchLimits.check(base, .base, above: 0, below: 1)
        try SketchLimits.check(b, .b, above: 1, below: .infinity)
        self.width = width
        self.depth = depth
        self.m = m
        self.size = size
        self.base = base
        self.b = b
        if byteCount > SketchLimits.octetsMax { throw .tooLarge(octets: byteCount) }
    }

    /// A sketch whose estimates, with probability `confidence`, are off by at most the share `error` of the key's own
    /// elements and the share `error` / 100 of all pairs: what a key's own registers miss, and what other keys add.
    public init(
        error: Double, confidence: Double, size: Int = 6, base: Double = baseDefault, b: Double = bDefault
    ) throws(SketchFailure) {
        try SketchLimits.check(error, .error, above: 0, below: 1)
        try SketchLimits.check(confidence, .confidence, above: 0, below: 1)
        let deviations = RealFunctions.deviations(confidence: confidence)
        let ratio = HyperLogLog.relativeError * deviations / error
        let registers = (ratio * ratio).rounded(.up)
        let width = (271.828_182_845_904_5 / error).rounded(.up)
        guard registers <= Double(SketchLimits.registers.upperBound), width <= Double(SketchLimits.width.upperBound)
        else {
            let least = HyperLogLog.relativeError * deviations / Double(SketchLimits.registers.upperBound).squareRoot()
            throw .fraction(.error, value: error, above: least, below: 1)
        }
        let depth = max(1, Int((-NaturalLogarithm.of(1 - confidence)).rounded(.up)))
        try self.init(
            width: Int(width), depth: depth, m: max(16, Int(registers)), size: size, base: base, b: b)
    }

    /// The highest rank.
    public var rankMax: Int { 1 << size - 1 }

    /// An octet per register, and a head per cell.
    public var byteCount: Int { width * depth * (m + MemoryLayout<SpreadCell>.stride) }

    /// The probability that the other keys of a key's cells add no more than `collisions(pairs:)`.
    var confidence: Double { 1 - RealFunctions.exp(-Double(depth)) }

    /// How many elements of other keys a key's best cell has at most, of `pairs` in all.
    func collisions(pairs: UInt64) -> UInt64 {
        UInt64(min((2.718_281_828_459_045 / Double(width) * Double(pairs)).rounded(.up), Double(pairs)))
    }
}
