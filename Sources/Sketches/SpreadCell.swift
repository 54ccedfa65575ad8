/// A cell of a SuperSpread, without its registers.
struct SpreadCell: BitwiseCopyable, Sendable {
    var key = SketchKey(0)
    /// How far the key is ahead of the others; 0 without a key.
    var value = 0.0
    /// Elements of all keys, counted as they came: each rise of a register counts for 1 / p elements, where p was the
    /// probability that a new element raises one (Cohen, «All-distances sketches, revisited», 2014; Ting, «Streamed
    /// approximate counting of distinct elements», 2014).
    var load = 0.0
    /// 1 - p: so a cell of zero octets is an empty one.
    private var missed = 0.0

    /// - Returns: how many elements the rise of a register stands for.
    mutating func raise(from old: UInt8, to rank: UInt8, registers: Int, _ powers: [Double]) -> Double {
        let gained = 1 / max(1 - missed, 1e-18)
        load += gained
        // The highest rank is never left.
        let left = Int(rank) == powers.count - 1 ? 0 : powers[Int(rank)]
        missed += (powers[Int(old)] - left) / Double(registers)
        return gained
    }

    /// What follows from registers that have been merged.
    mutating func refill(_ registers: ArraySlice<UInt8>, _ estimator: RegisterEstimator) {
        var histogram = [Int](repeating: 0, count: estimator.rankMax + 1)
        var chance = 0.0
        for rank in registers {
            histogram[Int(rank)] += 1
            if Int(rank) < estimator.rankMax { chance += estimator.powers[Int(rank)] }
        }
        missed = 1 - chance / Double(registers.count)
        let count = estimator.estimate(histogram).count
        load = count.isFinite ? count : max(load, 1e18)
    }
}

/// The rank of an element by its hash.
struct RankTable: Sendable {
    /// Below which a hash is beyond each rank, for bases other than 1/2; empty for 1/2.
    private let limits: [UInt64]
    private let rankMax: UInt8

    init(_ estimator: RegisterEstimator) {
        rankMax = UInt8(estimator.rankMax)
        limits =
            estimator.powers.count < 2 || estimator.powers[1] == 0.5
            ? [] : estimator.powers.dropFirst().dropLast().map { UInt64($0 * 0x1p63) << 1 }
    }

    /// 1 ... rankMax
    @inline(__always)
    func rank(of hash: UInt64) -> UInt8 {
        if limits.isEmpty { return min(UInt8(truncatingIfNeeded: hash.leadingZeroBitCount &+ 1), rankMax) }
        return slowRank(of: hash)
    }

    @inline(never)
    private func slowRank(of hash: UInt64) -> UInt8 {
        var rank = 0
        while rank < limits.count, hash < limits[rank] { rank += 1 }
        return UInt8(rank + 1)
    }
}
