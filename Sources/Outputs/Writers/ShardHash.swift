import Flows

/// Which of a task's `.dat` files a row goes to.
///
/// Part of the format (docs/formats.md): the same key goes to the same shard in every snapshot, version and machine.
public enum ShardHash {
    /// The key's five words are folded by xor, multiplication and shift; the upper 32 bits choose among `shards`
    /// as `hash · shards / 2³²`.
    @inline(always)
    public static func shard(of key: FlowKey, among shards: Int) -> Int {
        if shards == 1 { return 0 }
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
        let words: [5 of UInt64] = [
            key.sourceHigh, key.sourceLow, key.destinationHigh, key.destinationLow, key.meta,
        ]
        for index in words.indices {
            hash = (hash ^ words[index]) &* 0xBF58_476D_1CE4_E5B9
            hash ^= hash >> 32
        }
        // The product of two numbers below 2^32 fits 64 bits.
        return Int((hash >> 32 &* UInt64(shards)) >> 32)
    }
}
