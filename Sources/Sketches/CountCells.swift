/// The cells of a Count-Min: `depth` rows of `width`, each a pair of words, packets and octets.
struct CountCells: Sendable {
    private var cells: [SIMD2<UInt64>]
    private let hashes: RowHashes
    private let depth: Int

    init(width: Int, depth: Int, seed: UInt64) {
        hashes = RowHashes(seed: seed, width: width)
        self.depth = depth
        cells = Array(repeating: SIMD2(), count: width * depth)
    }

    private var isNear: Bool { cells.count * 16 <= BatchPlaces.octetsNear }

    /// Adds the counts of all updates to the cells of their keys, and to `sum`.
    mutating func add<Update: CellUpdate>(_ updates: Span<Update>, sum: inout SketchCount) {
        if isNear {
            Self.addNear(updates, hashes, depth, &cells, &sum)
        } else {
            add(updates, isConservative: false) { index, _ in sum.add(updates[index].count) }
        }
    }

    @inline(__always)
    private static func addNear<Update: CellUpdate>(
        _ updates: Span<Update>, _ hashes: RowHashes, _ depth: Int, _ array: inout [SIMD2<UInt64>],
        _ sum: inout SketchCount
    ) {
        var cells = array.mutableSpan
        let width = hashes.width
        for i in updates.indices {
            let (hash, count) = (updates[i].hash, updates[i].count)
            sum.add(count)
            var start = 0
            for row in 0..<depth {
                cells.add(count, to: start &+ hashes.place(hash, row: row))
                start &+= width
            }
        }
    }

    /// Counts the updates and hands over each one's estimate once it is in, in order.
    @inline(__always)
    mutating func add<Update: CellUpdate>(
        _ updates: Span<Update>, isConservative: Bool, _ body: (Int, SketchCount) -> Void
    ) {
        let (hashes, depth, isFar) = (hashes, depth, !isNear)
        var places = BatchPlaces(depth: depth)
        var cells = cells.mutableSpan
        var first = 0
        while first < updates.count {
            let count = min(places.batch, updates.count &- first)
            places.find(updates, first, count, hashes, cells.span, isFar: isFar)
            for i in 0..<count {
                let added = updates[first &+ i].count
                let least =
                    isConservative
                    ? cells.raise(by: added, depth: depth) { places[i, $0] }
                    : cells.add(added, depth: depth) { places[i, $0] }
                body(first &+ i, least)
            }
            first &+= count
        }
    }

    /// Counts one update.
    ///
    /// - Returns: the key's estimate now.
    mutating func add(_ update: CountMinUpdate, isConservative: Bool) -> SketchCount {
        let (hashes, depth) = (hashes, depth)
        var cells = cells.mutableSpan
        return isConservative
            ? cells.raise(by: update.count, depth: depth) { hashes.cell(update.hash, row: $0) }
            : cells.add(update.count, depth: depth) { hashes.cell(update.hash, row: $0) }
    }

    /// The least of a key's cells.
    func least(_ hash: UInt64) -> SketchCount {
        let cells = cells.span
        var least = SketchCount(packets: .max, bytes: .max)
        for row in 0..<depth {
            let place = hashes.cell(hash, row: row)
            least = least.least(SketchCount(cells[place]))
        }
        return least
    }

    mutating func merge(_ other: CountCells) {
        Self.sum(other.cells.span, into: &cells)
    }

    private static func sum(_ other: Span<SIMD2<UInt64>>, into array: inout [SIMD2<UInt64>]) {
        var cells = array.mutableSpan
        for i in other.indices { cells[i] &+= other[i] }
    }
}

/// What a key's cells are counted up by.
protocol CellUpdate: BitwiseCopyable {
    var hash: UInt64 { get }
    var count: SketchCount { get }
}

extension CountMinUpdate: CellUpdate {}
extension KeyedCount: CellUpdate {}

extension SketchCount {
    @inline(__always) fileprivate init(_ words: SIMD2<UInt64>) { self.init(packets: words.x, bytes: words.y) }
    @inline(__always) fileprivate var words: SIMD2<UInt64> { [packets, bytes] }
}

extension MutableSpan where Element == SIMD2<UInt64> {
    @inline(__always)
    fileprivate mutating func add(_ count: SketchCount, to place: Int) {
        self[place] &+= count.words
    }

    /// - Returns: the least of the cells, which are one in each row.
    @inline(__always)
    fileprivate mutating func add(_ count: SketchCount, depth: Int, _ place: (Int) -> Int) -> SketchCount {
        var least = SketchCount(packets: .max, bytes: .max)
        for row in 0..<depth {
            let place = place(row)
            let sum = self[place] &+ count.words
            self[place] = sum
            least = least.least(SketchCount(sum))
        }
        return least
    }

    /// Raises the cells only as far as their estimate needs (Estan and Varghese, 2002): smaller errors, but what comes
    /// out depends on the order, so a merged sketch is only a bound of what one alone would have.
    @inline(__always)
    fileprivate mutating func raise(by count: SketchCount, depth: Int, _ place: (Int) -> Int) -> SketchCount {
        var least = SketchCount(packets: .max, bytes: .max)
        for row in 0..<depth {
            let place = place(row)
            least = least.least(SketchCount(self[place]))
        }
        least.add(count)
        for row in 0..<depth {
            let place = place(row)
            let old = SketchCount(self[place])
            self[place] = [Swift.max(old.packets, least.packets), Swift.max(old.bytes, least.bytes)]
        }
        return least
    }
}

extension BatchPlaces {
    /// Finds the cells of `count` updates from `first` on; asks for those that are far.
    @inline(__always)
    fileprivate mutating func find<Update: CellUpdate>(
        _ updates: Span<Update>, _ first: Int, _ count: Int, _ hashes: RowHashes,
        _ cells: Span<SIMD2<UInt64>>, isFar: Bool
    ) {
        for i in 0..<count {
            let hash = updates[first &+ i].hash
            for row in 0..<depth {
                let place = hashes.cell(hash, row: row)
                self[i, row] = place
                if isFar { cells.prefetch(place) }
            }
        }
    }
}
