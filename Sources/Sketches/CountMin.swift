/// Counts packets and octets per key in a fixed number of cells, never too few (Cormode and Muthukrishnan, «An improved
/// data stream summary: the count-min sketch and its applications», Journal of Algorithms 55, 2005).
///
/// A key has one cell per row. What other keys add to a cell is the error, so the least of a key's cells is nearest the
/// truth: it exceeds it by more than e / width of everything counted with a probability of at most e^-depth.
///
/// Sums wrap at 2^64.
public struct CountMin: Sendable {
    public let parameters: CountMinParameters
    public let seed: UInt64
    /// Of everything that was added.
    public private(set) var total = SketchCount()
    private var cells: [SketchCount]
    private let hashes: RowHashes

    public init(_ parameters: CountMinParameters, seed: UInt64) {
        self.parameters = parameters
        self.seed = seed
        hashes = RowHashes(seed: seed, width: parameters.width)
        cells = Array(repeating: SketchCount(), count: parameters.width * parameters.depth)
    }

    /// Counts the updates, in order.
    public mutating func add(_ updates: Span<CountMinUpdate>) {
        var sum = SketchCount()
        if parameters.isConservative {
            for i in updates.indices {
                sum.add(updates[i].count)
                _ = Self.addConservatively(updates[i], hashes, parameters.depth, &cells)
            }
        } else {
            Self.addAll(updates, hashes, parameters.depth, &cells, &sum)
        }
        total.add(sum)
    }

    /// Counts one update.
    ///
    /// - Returns: the key's estimate now.
    @inline(__always)
    public mutating func add(_ update: CountMinUpdate) -> SketchCount {
        total.add(update.count)
        return parameters.isConservative
            ? Self.addConservatively(update, hashes, parameters.depth, &cells)
            : Self.add(update, hashes, parameters.depth, &cells)
    }

    @inline(__always)
    private static func addAll(
        _ updates: Span<CountMinUpdate>, _ hashes: RowHashes, _ depth: Int, _ array: inout [SketchCount],
        _ sum: inout SketchCount
    ) {
        var cells = array.mutableSpan
        let width = hashes.width
        for i in updates.indices {
            let update = updates[i]
            sum.add(update.count)
            var start = 0
            for row in 0..<depth {
                cells[start &+ hashes.place(update.hash, row: row)].add(update.count)
                start &+= width
            }
        }
    }

    @inline(__always)
    private static func add(
        _ update: CountMinUpdate, _ hashes: RowHashes, _ depth: Int, _ array: inout [SketchCount]
    ) -> SketchCount {
        var cells = array.mutableSpan
        var least = SketchCount(packets: .max, bytes: .max)
        for row in 0..<depth {
            let place = row &* hashes.width &+ hashes.place(update.hash, row: row)
            cells[place].add(update.count)
            least = least.least(cells[place])
        }
        return least
    }

    /// Raises a key's cells only as far as its estimate needs (Estan and Varghese, 2002): smaller errors, but what
    /// comes out depends on the order, so a merged sketch is only a bound of what one alone would have.
    private static func addConservatively(
        _ update: CountMinUpdate, _ hashes: RowHashes, _ depth: Int, _ array: inout [SketchCount]
    ) -> SketchCount {
        var cells = array.mutableSpan
        var least = SketchCount(packets: .max, bytes: .max)
        for row in 0..<depth {
            least = least.least(cells[row &* hashes.width &+ hashes.place(update.hash, row: row)])
        }
        least.add(update.count)
        for row in 0..<depth {
            let place = row &* hashes.width &+ hashes.place(update.hash, row: row)
            cells[place] = SketchCount(
                packets: max(cells[place].packets, least.packets), bytes: max(cells[place].bytes, least.bytes))
        }
        return least
    }

    /// What the key of this hash has at most.
    public func upperCount(_ hash: UInt64) -> SketchCount {
        let cells = cells.span
        var least = SketchCount(packets: .max, bytes: .max)
        for row in 0..<parameters.depth {
            least = least.least(cells[row &* hashes.width &+ hashes.place(hash, row: row)])
        }
        return least
    }

    /// How far an estimate of packets, and one of octets, may exceed the truth, at `parameters.confidence`.
    public var error: SketchCount {
        SketchCount(packets: parameters.error(total: total.packets), bytes: parameters.error(total: total.bytes))
    }

    /// Adds the counts of a sketch of other packets.
    public mutating func merge(_ other: CountMin) throws(SketchFailure) {
        guard other.parameters == parameters, other.seed == seed else { throw .unlike }
        Self.sum(other.cells.span, into: &cells)
        total.add(other.total)
    }

    private static func sum(_ other: Span<SketchCount>, into array: inout [SketchCount]) {
        var cells = array.mutableSpan
        for i in other.indices { cells[i].add(other[i]) }
    }

    /// Octets of memory.
    public var byteCount: Int { parameters.byteCount }
}

/// One key's packet, or some of them.
@frozen public struct CountMinUpdate: BitwiseCopyable, Sendable {
    /// Of the key; see `RowHashes`.
    public var hash: UInt64
    public var count: SketchCount

    @inlinable @inline(__always) public init(hash: UInt64, count: SketchCount) {
        self.hash = hash
        self.count = count
    }
}

/// Packets, and octets on the wire.
@frozen public struct SketchCount: BitwiseCopyable, Equatable, Sendable {
    public var packets: UInt64
    public var bytes: UInt64

    @inlinable @inline(__always) public init(packets: UInt64 = 0, bytes: UInt64 = 0) {
        self.packets = packets
        self.bytes = bytes
    }

    @inlinable @inline(__always) public mutating func add(_ other: SketchCount) {
        packets &+= other.packets
        bytes &+= other.bytes
    }

    @inlinable @inline(__always) public func least(_ other: SketchCount) -> SketchCount {
        SketchCount(packets: min(packets, other.packets), bytes: min(bytes, other.bytes))
    }
}
