/// What a row's numbers are: counted, or estimated within a bound.
public enum Exactness: UInt8, Sendable, CaseIterable {
    /// The value is the truth.
    case exact = 0
    /// value ≤ truth ≤ value + bound: what was evicted and came back.
    case atLeast = 1
    /// value - bound ≤ truth ≤ value: a Count-Min sketch.
    case atMost = 2
    /// value - bound ≤ truth ≤ value + bound.
    case estimate = 3

    /// As formats write it.
    public var name: String {
        switch self {
        case .exact: "exact"
        case .atLeast: "at_least"
        case .atMost: "at_most"
        case .estimate: "estimate"
        }
    }
}

/// How far a row's packets and bytes may be off, both directions together.
public struct RowBound: Equatable, Sendable {
    /// How far the value may be below the truth, and above it.
    public var packetsUnder: UInt64, packetsOver: UInt64
    public var bytesUnder: UInt64, bytesOver: UInt64

    public init(packetsUnder: UInt64 = 0, packetsOver: UInt64 = 0, bytesUnder: UInt64 = 0, bytesOver: UInt64 = 0) {
        self.packetsUnder = packetsUnder
        self.packetsOver = packetsOver
        self.bytesUnder = bytesUnder
        self.bytesOver = bytesOver
    }

    public init(_ exactness: Exactness, packets: UInt64, bytes: UInt64) {
        let (under, over) = (exactness == .atLeast, exactness == .atMost)
        self.init(
            packetsUnder: under || exactness == .estimate ? packets : 0,
            packetsOver: over || exactness == .estimate ? packets : 0,
            bytesUnder: under || exactness == .estimate ? bytes : 0,
            bytesOver: over || exactness == .estimate ? bytes : 0)
    }

    public static let none = RowBound()

    public var exactness: Exactness {
        switch (packetsUnder | bytesUnder != 0, packetsOver | bytesOver != 0) {
        case (false, false): .exact
        case (true, false): .atLeast
        case (false, true): .atMost
        case (true, true): .estimate
        }
    }

    public var packets: UInt64 { max(packetsUnder, packetsOver) }
    public var bytes: UInt64 { max(bytesUnder, bytesOver) }

    /// Errors of a sum add up.
    public static func + (a: Self, b: Self) -> Self {
        RowBound(
            packetsUnder: a.packetsUnder &+ b.packetsUnder, packetsOver: a.packetsOver &+ b.packetsOver,
            bytesUnder: a.bytesUnder &+ b.bytesUnder, bytesOver: a.bytesOver &+ b.bytesOver)
    }

    /// Of a difference, what was too low in the part taken away makes it too high.
    public static func - (a: Self, b: Self) -> Self {
        a
            + RowBound(
                packetsUnder: b.packetsOver, packetsOver: b.packetsUnder, bytesUnder: b.bytesOver,
                bytesOver: b.bytesUnder)
    }
}

/// Rows that are not all exact. Rows that do not conform are.
public protocol BoundedRows: FlowRows {
    /// Replaces `bounds` by those of the rows of `range`, in the same order as `read` gives them.
    func readBounds(_ range: Range<Int>, into bounds: inout [RowBound])
}
