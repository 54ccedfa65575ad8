import Headers

/// A connection's two ends in an order that both directions share: the lower end first.
struct StreamKey: Equatable, BitwiseCopyable {
    var lowHigh: UInt64
    var lowLow: UInt64
    var highHigh: UInt64
    var highLow: UInt64
    /// Low end's port, high end's port, address family.
    var meta: UInt64

    /// - Returns: the key, and the side of the source: 0 the low end, 1 the high end.
    @inline(__always)
    static func canonical(
        _ source: IPAddress, _ sourcePort: UInt16, _ destination: IPAddress, _ destinationPort: UInt16
    ) -> (key: StreamKey, side: Int) {
        let isSwapped =
            source.low != destination.low
            ? source.low > destination.low
            : source.high != destination.high ? source.high > destination.high : sourcePort > destinationPort
        let (low, high) = isSwapped ? (destination, source) : (source, destination)
        let (lowPort, highPort) = isSwapped ? (destinationPort, sourcePort) : (sourcePort, destinationPort)
        let meta = UInt64(lowPort) << 32 | UInt64(highPort) << 16 | UInt64(source.family.rawValue)
        return (
            StreamKey(lowHigh: low.high, lowLow: low.low, highHigh: high.high, highLow: high.low, meta: meta),
            isSwapped ? 1 : 0
        )
    }

    /// 32 bits that spread keys evenly for anyone who does not know `seed`.
    @inline(__always)
    func hash(seed: UInt64) -> UInt32 {
        let a = Self.folded(lowHigh ^ seed, lowLow ^ 0xE703_7ED1_A0B4_28DB)
        let b = Self.folded(highHigh ^ 0x8EBC_6AF0_9C88_C6E3, highLow ^ seed ^ 0x5899_65CC_7537_4CC3)
        return UInt32(truncatingIfNeeded: Self.folded(a ^ b, meta ^ 0x1D8E_4E27_C47D_124F) >> 32)
    }

    /// One multiplication mixes all bits (as in wyhash).
    @inline(__always)
    private static func folded(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    func address(of side: Int) -> IPAddress {
        let family = IPFamily(rawValue: UInt8(truncatingIfNeeded: meta)) ?? .none
        return side == 0
            ? IPAddress(family: family, high: lowHigh, low: lowLow)
            : IPAddress(family: family, high: highHigh, low: highLow)
    }

    func port(of side: Int) -> UInt16 { UInt16(truncatingIfNeeded: meta >> (side == 0 ? 32 : 16)) }
}
