/// Counts different elements in 2^precision registers of an octet each (Flajolet et al., 2007; 64-bit hashes as in
/// Heule, Nunkesser and Hall, «HyperLogLog in practice», 2013; see `RegisterEstimator`). The standard error is
/// 1.04 / √registers.
public struct HyperLogLog: Equatable, Sendable {
    public let precision: Int
    private(set) var registers: [UInt8]

    public init(precision: Int) throws(SketchFailure) {
        try SketchLimits.check(precision, .precision, SketchLimits.precision)
        self.precision = precision
        registers = Array(repeating: 0, count: 1 << precision)
    }

    /// The fewest registers with which a count is off by at most the share `error`, with probability `confidence`.
    public init(error: Double, confidence: Double) throws(SketchFailure) {
        try SketchLimits.check(error, .error, above: 0, below: 1)
        try SketchLimits.check(confidence, .confidence, above: 0, below: 1)
        let ratio = Self.relativeError * RealFunctions.deviations(confidence: confidence) / error
        var precision = SketchLimits.precision.lowerBound
        while precision < SketchLimits.precision.upperBound, Double(1 << precision) < ratio * ratio { precision += 1 }
        guard Double(1 << precision) >= ratio * ratio else {
            let least = error * ratio / Double(1 << precision).squareRoot()
            throw .fraction(.error, value: error, above: least, below: 1)
        }
        try self.init(precision: precision)
    }

    /// Times √registers.
    static let relativeError = 1.04

    /// Notes an element by its hash, whose bits must all be even.
    public mutating func add(_ hash: UInt64) {
        let index = Int(truncatingIfNeeded: hash >> UInt64(64 - precision))
        // A one behind the rest ends the run of zeros.
        let rest = hash << UInt64(precision) | 1 << UInt64(precision - 1)
        registers[index] = max(registers[index], UInt8(rest.leadingZeroBitCount + 1))
    }

    /// Notes pairs of a key and an element.
    public mutating func add(_ updates: Span<SpreadUpdate>) {
        for i in updates.indices { add(updates[i].pairHash) }
    }

    /// How many different elements there were.
    public func estimate(confidence: Double = 0.99) -> Estimate {
        let rankMax = 65 - precision
        var histogram = [Int](repeating: 0, count: rankMax + 1)
        for register in registers { histogram[Int(register)] += 1 }
        return RegisterEstimator(base: 0.5, rankMax: rankMax).estimate(histogram, confidence: confidence)
    }

    /// Takes in the elements of another.
    public mutating func merge(_ other: HyperLogLog) throws(SketchFailure) {
        guard other.precision == precision else { throw .unlike }
        for index in registers.indices { registers[index] = max(registers[index], other.registers[index]) }
    }

    public var byteCount: Int { registers.count }
}
