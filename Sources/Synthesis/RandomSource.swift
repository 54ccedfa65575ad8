/// xoshiro256** (Blackman, Vigna 2018), seeded by SplitMix64: the same numbers for the same seed on every machine.
public struct RandomSource: RandomNumberGenerator, Sendable {
    private var s0: UInt64, s1: UInt64, s2: UInt64, s3: UInt64

    public init(seed: UInt64) {
        s0 = RandomSource.mix(seed &* 4)
        s1 = RandomSource.mix(seed &* 4 &+ 1)
        s2 = RandomSource.mix(seed &* 4 &+ 2)
        s3 = RandomSource.mix(seed &* 4 &+ 3)
    }

    public mutating func next() -> UInt64 {
        let result = rotated(s1 &* 5, 7) &* 9
        let shifted = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= shifted
        s3 = rotated(s3, 45)
        return result
    }

    /// In 0 ..< 1, with 53 random bits.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// In the range, by multiplication: a bias of at most 2⁻³² does not matter here, a loop would.
    mutating func number(_ range: ClosedRange<UInt32>) -> UInt32 {
        let count = UInt64(range.upperBound - range.lowerBound) + 1
        return range.lowerBound + UInt32(truncatingIfNeeded: ((next() >> 32) * count) >> 32)
    }

    mutating func isWithin(_ share: Double) -> Bool { unit() < share }

    private func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 { value << bits | value >> (64 - bits) }

    /// A bijection that spreads every bit of `value` over the result (SplitMix64's finaliser).
    static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
