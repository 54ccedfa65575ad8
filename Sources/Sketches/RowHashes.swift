/// Places a key's hash in each row of a sketch, as if each row had a hash function of its own.
///
/// The hash is multiplied by a random odd number per row and the product folded; its upper half is scaled to the width
/// (multiply-shift hashing: Dietzfelbinger et al., 1997). The key's hash must itself spread keys evenly and depend on
/// a seed; see `SketchHash`.
struct RowHashes: Equatable, Sendable {
    private var multipliers: SIMD16<UInt64>
    let width: Int

    init(seed: UInt64, width: Int) {
        self.width = width
        multipliers = .init(repeating: 0)
        for row in multipliers.indices { multipliers[row] = SketchHash.mixed(seed &+ UInt64(row)) | 1 }
    }

    /// 0 ..< width
    @inline(__always) func place(_ hash: UInt64, row: Int) -> Int {
        let product = hash.multipliedFullWidth(by: multipliers[row])
        return Int(truncatingIfNeeded: ((product.high ^ product.low) >> 32 &* UInt64(width)) >> 32)
    }
}

extension RowHashes {
    /// The same, counted from the start of the first row.
    @inline(__always) func cell(_ hash: UInt64, row: Int) -> Int { row &* width &+ place(hash, row: row) }
}

/// Hashing that every sketch shares.
public enum SketchHash {
    /// SplitMix64's finaliser: every bit of the result depends on every bit of the number.
    @inlinable @inline(__always) public static func mixed(_ number: UInt64) -> UInt64 {
        var z = number &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// The hash of a key and an element together.
    @inlinable @inline(__always) public static func pair(_ key: UInt64, _ element: UInt64) -> UInt64 {
        mixed(key ^ (element &* 0x9FB2_1C65_1E98_DF25))
    }
}
