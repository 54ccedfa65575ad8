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
    private var cells: CountCells

    public init(_ parameters: CountMinParameters, seed: UInt64) {
        self.parameters = parameters
        self.seed = seed
        cells = CountCells(width: parameters.width, depth: parameters.depth, seed: seed)
    }

    /// Counts the updates, in order.
    public mutating func add(_ updates: Span<CountMinUpdate>) {
        var sum = SketchCount()
        if parameters.isConservative {
            cells.add(updates, isConservative: true) { index, _ in sum.add(updates[index].count) }
        } else {
            cells.add(updates, sum: &sum)
        }
        total.add(sum)
    }

    /// Counts one update.
    ///
    /// - Returns: the key's estimate now.
    public mutating func add(_ update: CountMinUpdate) -> SketchCount {
        total.add(update.count)
        return cells.add(update, isConservative: parameters.isConservative)
    }

    /// Counts the updates, in order, and hands each one's index and its key's estimate to `body` once it is in.
    @inline(__always)
    mutating func add(_ updates: Span<KeyedCount>, _ body: (Int, SketchCount) -> Void) {
        var sum = SketchCount()
        if parameters.isConservative {
            cells.add(updates, isConservative: true) { index, least in
                sum.add(updates[index].count)
                body(index, least)
            }
        } else {
            cells.add(updates, isConservative: false) { index, least in
                sum.add(updates[index].count)
                body(index, least)
            }
        }
        total.add(sum)
    }

    /// What the key of this hash has at most.
    public func upperCount(_ hash: UInt64) -> SketchCount { cells.least(hash) }

    /// How far an estimate of packets, and one of octets, may exceed the truth, at `parameters.confidence`.
    public var error: SketchCount {
        SketchCount(packets: parameters.error(total: total.packets), bytes: parameters.error(total: total.bytes))
    }

    /// Adds the counts of a sketch of other packets.
    public mutating func merge(_ other: CountMin) throws(SketchFailure) {
        guard other.parameters == parameters, other.seed == seed else { throw .unlike }
        cells.merge(other.cells)
        total.add(other.total)
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
