/// How many different elements a set of registers has seen, by maximum likelihood.
///
/// Each element is one of `m` registers' by its hash and has a rank with P(rank > k) = base^k; a register keeps the
/// highest rank, at most `rankMax`. With base 1/2 these are HyperLogLog's registers (Flajolet et al., «HyperLogLog:
/// the analysis of a near-optimal cardinality estimation algorithm», 2007); the estimator is that of Ertl («New
/// cardinality estimation algorithms for HyperLogLog sketches», arXiv:1702.01284, § 4), for any base. It has no bias
/// worth naming, for few elements as for many, and gives its own standard error.
struct RegisterEstimator: Sendable {
    /// base^k for each rank k.
    let powers: [Double]
    var rankMax: Int { powers.count - 1 }

    init(base: Double, rankMax: Int) {
        var powers = [1.0]
        for _ in 0..<rankMax { powers.append(powers[powers.count - 1] * base) }
        self.powers = powers
    }

    /// - Parameter histogram: how many registers hold each rank, 0 ... `rankMax`.
    /// - Returns: the number of elements and its standard error; of saturated registers, infinity.
    func estimate(_ histogram: [Int]) -> (count: Double, standardError: Double) {
        let registers = histogram.reduce(0, +)
        let used = registers - histogram[0]
        guard used > 0 else { return (0, 0) }
        guard histogram[rankMax] < registers else { return (.infinity, .infinity) }
        // Registers below the highest rank say that nothing higher came.
        var fixed = 0.0
        var halves = 0.0
        for rank in 0..<rankMax { fixed += Double(histogram[rank]) * powers[rank] }
        for rank in 1...rankMax { halves += Double(histogram[rank]) * gap(rank) / 2 }
        // 1 / (e^x - 1) > 1 / x - 1/2, so this lies below the root; the slope is convex, so Newton's steps climb to it.
        var rate = Double(used) / (fixed + halves)
        var information = 0.0
        for _ in 0..<64 {
            var slope = -fixed
            information = 0
            for rank in 1...rankMax where histogram[rank] > 0 {
                let gap = gap(rank)
                let grown = RealFunctions.expMinusOne(rate * gap)
                guard grown.isFinite else { continue }
                let count = Double(histogram[rank])
                slope += count * gap / grown
                information += count * gap * gap * (grown + 1) / (grown * grown)
            }
            let step = slope / information
            guard step.isFinite else { break }
            rate += step
            if !(step > rate * 1e-9) { break }
        }
        // The likelihood takes the number of elements for random (Poisson); it is given, which leaves that much less.
        let count = rate * Double(registers)
        guard information > 0 else { return (count, count) }
        let variance = Double(registers) * Double(registers) / information - count
        return (count, max(variance, 0).squareRoot())
    }

    /// P(rank = k), and of the highest P(rank ≥ k).
    private func gap(_ rank: Int) -> Double {
        rank == rankMax ? powers[rank - 1] : powers[rank - 1] - powers[rank]
    }

    /// The estimate with bounds that hold at `confidence`.
    func estimate(_ histogram: [Int], confidence: Double) -> Estimate {
        let (count, standardError) = estimate(histogram)
        guard count.isFinite else { return Estimate(value: .max, below: .max, confidence: 0) }
        if count == 0 { return Estimate(value: 0) }
        // One more, as counts are whole: two elements of the same register and rank are one.
        let bound = RealFunctions.deviations(confidence: confidence) * standardError + 1
        let value = UInt64(min(count.rounded(), 0x1p63))
        let whole = UInt64(min(bound.rounded(.up), 0x1p63))
        return Estimate(value: value, below: min(whole, value), above: whole, confidence: confidence)
    }
}
