import CPrefetch

/// Where the keys of a batch lie in the rows of a sketch: worked out for all of them before any cell is touched, and
/// asked for at once.
///
/// A cell beyond the cache takes as long to come as some hundred instructions, and longer still where its page has to
/// be looked up. Only a request that nothing waits for lets the processor go on to the next: reading the cells ahead
/// instead was seen to be as slow as not looking ahead at all.
struct BatchPlaces {
    private var places: [1_024 of UInt32] = .init(repeating: 0)
    let depth: Int

    init(depth: Int) { self.depth = depth }

    /// Updates of a batch.
    var batch: Int { min(128, 1_024 / depth) }

    /// What lies beyond the first two levels of a processor's cache is worth asking for.
    static let octetsNear = 1 << 20

    /// The cell of the batch's update in a row, counted from the start of the first row.
    @inline(__always) subscript(update: Int, row: Int) -> Int {
        get { Int(places[update &* depth &+ row]) }
        set { places[update &* depth &+ row] = UInt32(truncatingIfNeeded: newValue) }
    }
}

extension Span where Element == SIMD2<UInt64> {
    /// Asks for the cache line of an element.
    @inline(__always) func prefetch(_ index: Int) { ns_prefetch_pair(self, index) }
}
