/// How finely an interface counts time: the octet of if_tsresol (pcapng § 4.2), any value of it.
public struct TimeResolution: Hashable, Sendable {
    /// Bit 7 clear: units of 10⁻ⁿ seconds; set: 2⁻ⁿ; n is the lower seven bits.
    public let octet: UInt8

    public init(octet: UInt8) { self.octet = octet }

    public static let microseconds = TimeResolution(octet: 6)
    public static let nanoseconds = TimeResolution(octet: 9)

    public var isBinary: Bool { octet & 0x80 != 0 }
    public var exponent: UInt8 { octet & 0x7F }
}

/// Turns an interface's ticks into nanoseconds since 1970: exact, rounded down, clamped to `Int64`.
///
/// With it stands what else each frame of the interface needs, in one flat value.
struct InterfaceClock: Sendable, BitwiseCopyable {
    /// Nanoseconds per tick where that is a whole number and the offset fits; 0 asks for the long way.
    private let factor: UInt64
    private let offsetNanoseconds: Int64
    private let offsetSeconds: Int64
    private let resolution: UInt8
    /// False for an interface whose block was too short to say a link type.
    let isUsable: Bool
    let linkType: UInt16
    /// Largest captured length a frame may have.
    let capturedMax: UInt32

    init(_ interface: CaptureInterface) {
        resolution = interface.resolution.octet
        offsetSeconds = interface.offsetSeconds
        let (offset, overflow) = interface.offsetSeconds.multipliedReportingOverflow(by: 1_000_000_000)
        offsetNanoseconds = overflow ? 0 : offset
        let isWhole = !interface.resolution.isBinary && interface.resolution.exponent <= 9
        factor = isWhole && !overflow ? Self.powerOfTen(9 - Int(interface.resolution.exponent)) : 0
        isUsable = interface.linkType != nil
        linkType = interface.linkType ?? 0
        capturedMax = CaptureParser.capturedLengthMax(linkType: linkType)
    }

    @inline(always) func nanoseconds(_ ticks: UInt64) -> Int64 {
        let (product, overflow) = ticks.multipliedReportingOverflow(by: factor)
        guard factor != 0, !overflow, let whole = Int64(exactly: product) else { return slowNanoseconds(ticks) }
        let (sum, sumOverflow) = whole.addingReportingOverflow(offsetNanoseconds)
        return sumOverflow ? slowNanoseconds(ticks) : sum
    }

    @inline(never) private func slowNanoseconds(_ ticks: UInt64) -> Int64 {
        let exponent = Int(resolution & 0x7F)
        let whole: Int128
        if resolution & 0x80 != 0 {
            // Below 2⁶⁴ · 10⁹ < 2⁹⁴; shifting by 127 or less is defined and rounds down.
            whole = (Int128(ticks) * 1_000_000_000) >> Int128(exponent)
        } else if exponent <= 9 {
            whole = Int128(ticks) * Int128(Self.powerOfTen(9 - exponent))
        } else if exponent <= 28 {
            whole = Int128(ticks / Self.powerOfTen(exponent - 9))
        } else {
            // 10²⁹ ticks per second and more: 2⁶⁴ of them are less than a nanosecond.
            whole = 0
        }
        return Int64(clamping: whole + Int128(offsetSeconds) * 1_000_000_000)
    }

    /// 10 to the power of 0 ... 19, which fits in 64 bits.
    private static func powerOfTen(_ exponent: Int) -> UInt64 {
        var power: UInt64 = 1
        for _ in 0..<exponent { power *= 10 }
        return power
    }
}
