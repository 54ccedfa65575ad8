/// What a sketch says about a number: the value, how far off it may be, and how sure that is.
public struct Estimate: Equatable, Sendable {
    public var value: UInt64
    /// The true number is at least `value - below` and at most `value + above`, with probability `confidence`.
    public var below: UInt64
    public var above: UInt64
    /// 0 ... 1; 1 where the bounds hold for certain.
    public var confidence: Double

    @inlinable public init(value: UInt64, below: UInt64 = 0, above: UInt64 = 0, confidence: Double = 1) {
        self.value = value
        self.below = below
        self.above = above
        self.confidence = confidence
    }

    /// The farther of the two bounds: the true number differs from `value` by no more.
    public var bound: UInt64 { max(below, above) }
    /// The value is the true number, for certain.
    public var isExact: Bool { below == 0 && above == 0 && confidence >= 1 }
    /// Whether a number lies within the bounds.
    public func holds(_ truth: UInt64) -> Bool {
        truth >= value - min(below, value) && truth <= value + min(above, .max - value)
    }
}
