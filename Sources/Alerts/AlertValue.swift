import Flows
import Sketches

/// A number that a rule looked at, and how far off it may be: the truth lies in `value - below ... value + above` with
/// probability `confidence`.
public struct AlertValue: Equatable, Sendable {
    public var value: Double
    public var below: Double
    public var above: Double
    /// 0 ... 1; 1 where the bounds hold for certain.
    public var confidence: Double

    public init(_ value: Double, below: Double = 0, above: Double = 0, confidence: Double = 1) {
        self.value = value
        self.below = below
        self.above = above
        self.confidence = confidence
    }

    public init(_ estimate: Estimate) {
        self.init(
            Double(estimate.value), below: Double(estimate.below), above: Double(estimate.above),
            confidence: estimate.confidence)
    }

    /// The farther of the two bounds.
    public var bound: Double { max(below, above) }

    public var exactness: Exactness {
        switch (below > 0, above > 0) {
        case (false, false): confidence < 1 ? .estimate : .exact
        case (false, true): .atLeast
        case (true, false): .atMost
        case (true, true): .estimate
        }
    }

    /// As part of a sum.
    static func + (a: Self, b: Self) -> Self {
        AlertValue(
            a.value + b.value, below: a.below + b.below, above: a.above + b.above,
            confidence: min(a.confidence, b.confidence))
    }

    static func * (a: Self, factor: Double) -> Self {
        AlertValue(
            a.value * factor, below: a.below * factor, above: a.above * factor, confidence: a.confidence)
    }

    /// Less what was there before, which was as sure.
    func less(_ before: Double) -> Self {
        AlertValue(max(0, value - before), below: below, above: above, confidence: confidence)
    }
}
