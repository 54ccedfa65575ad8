import Octets

/// Finds keys with many different elements (a scanner's destinations, a server's clients) in a fixed number of cells.
///
/// As in Go2NetSpectra's sketch of this name, a key has one cell per row; a cell has `m` registers of a generalised
/// HyperLogLog, which all keys of the cell share, and the name of one key. When a register rises, which happens to a
/// new element with probability p, the cell's key gains 1 / p if it is the one, and else loses 1 / p times 1, each with
/// probability b^-value; a key whose value is used up gives its place to the other.
///
/// Beyond the original:
///
/// * An element has the same register and rank in every row. So the least of a key's cells, register by register, still
///   holds all of the key's elements, and of others only what disturbs it in every row; the estimate is made of these
///   registers. It does not depend on the order, and merging shards gives the whole's.
/// * A key whose estimate is twice the value of the one that holds its cell takes the cell, so an old key of middling
///   value cannot hide a new one of any size.
/// * Chance is a function of the hashes, so equal input gives equal output.
public struct SuperSpread: Sendable {
    public let parameters: SuperSpreadParameters
    public let seed: UInt64
    /// All pairs of a key and an element.
    private var pairs: HyperLogLog
    private var registers: [UInt8]
    private var cells: [SpreadCell]
    /// Keys that had to leave their cell to another when sketches were merged.
    private var spilled: Set<SketchKey> = []
    private let hashes: RowHashes
    private let ranks: RankTable
    private let estimator: RegisterEstimator
    private let decay: Double

    /// A key and how many elements it has.
    public struct Row: Equatable, Sendable {
        public var key: SketchKey
        public var spread: Estimate
    }

    public init(_ parameters: SuperSpreadParameters, seed: UInt64) throws(SketchFailure) {
        self.parameters = parameters
        self.seed = seed
        pairs = try HyperLogLog(precision: 12)
        registers = Array(repeating: 0, count: parameters.width * parameters.depth * parameters.m)
        cells = Array(repeating: SpreadCell(), count: parameters.width * parameters.depth)
        hashes = RowHashes(seed: seed, width: parameters.width)
        estimator = RegisterEstimator(base: parameters.base, rankMax: parameters.rankMax)
        ranks = RankTable(estimator)
        decay = NaturalLogarithm.of(parameters.b)
    }

    /// Notes the elements, in order.
    public mutating func add(_ updates: Span<SpreadUpdate>) {
        var next = 0
        while let found = Self.firstRise(updates, from: &next, hashes, ranks, parameters, registers, &pairs) {
            raise(updates[next - 1], found.register, found.rank, found.rows)
        }
    }

    /// A register that an element raises, and in which rows; hardly ever one, once cells are filled.
    private struct Rise {
        var register: Int
        var rank: UInt8
        var rows: UInt32
    }

    /// Moves `next` behind the first update that raises a register, or behind the last.
    @inline(__always)
    private static func firstRise(
        _ updates: Span<SpreadUpdate>, from next: inout Int, _ hashes: RowHashes, _ ranks: RankTable,
        _ parameters: SuperSpreadParameters, _ array: borrowing [UInt8], _ pairs: inout HyperLogLog
    ) -> Rise? {
        let registers = array.span
        let (m, depth, width) = (parameters.m, parameters.depth, parameters.width)
        while next < updates.count {
            let (keyHash, pair) = (updates[next].keyHash, updates[next].pairHash)
            next &+= 1
            let register = Int(truncatingIfNeeded: ((pair & 0xFFFF_FFFF) &* UInt64(truncatingIfNeeded: m)) >> 32)
            let rank = ranks.rank(of: pair)
            pairs.add(pair)
            var rows: UInt32 = 0
            var start = register
            for row in 0..<depth {
                if registers[start &+ hashes.place(keyHash, row: row) &* m] < rank { rows |= 1 << UInt32(row) }
                start &+= width &* m
            }
            if rows != 0 { return Rise(register: register, rank: rank, rows: rows) }
        }
        return nil
    }

    @inline(never)
    private mutating func raise(_ update: SpreadUpdate, _ register: Int, _ rank: UInt8, _ rows: UInt32) {
        for row in 0..<parameters.depth where rows & 1 << UInt32(row) != 0 {
            let place = self.place(update.keyHash, row)
            let index = place * parameters.m + register
            let old = registers[index]
            registers[index] = rank
            let gained = cells[place].raise(from: old, to: rank, registers: parameters.m, estimator.powers)
            vote(for: update, at: place, gained, row)
        }
    }

    /// The element's key gains in its cell, or takes from the one that holds it.
    private mutating func vote(for update: SpreadUpdate, at place: Int, _ gained: Double, _ row: Int) {
        if cells[place].value == 0 || cells[place].key == update.key {
            cells[place].key = update.key
            cells[place].value += gained
            return
        }
        // Its value and not its sign decides how often that may happen: at most as often as the value has ones.
        var left = min(gained.rounded(.up), cells[place].value.rounded(.up))
        var random = SketchHash.mixed(update.pairHash ^ UInt64(row))
        while left > 0, cells[place].value > 0 {
            let chance = RealFunctions.exp(-cells[place].value * decay)
            if chance < 1e-9 { break }
            random = SketchHash.mixed(random)
            if Double(random >> 11) * 0x1p-53 < chance { cells[place].value = max(0, cells[place].value - 1) }
            left -= 1
        }
        let load = leastLoad(update.keyHash)
        if cells[place].value == 0 {
            cells[place].key = update.key
            cells[place].value = max(1, left)
        } else if load > 2 * cells[place].value {
            cells[place].key = update.key
            cells[place].value = load
        }
    }

    /// The least that the cells of a key have counted.
    private func leastLoad(_ keyHash: UInt64) -> Double {
        (0..<parameters.depth).reduce(.infinity) { min($0, cells[place(keyHash, $1)].load) }
    }

    @inline(__always)
    private func place(_ keyHash: UInt64, _ row: Int) -> Int {
        row &* parameters.width &+ hashes.place(keyHash, row: row)
    }

    public var byteCount: Int { parameters.byteCount }
}

// What it has seen.
extension SuperSpread {
    /// How many different elements the key of this hash has.
    ///
    /// What other keys add is at most e / width of all pairs, with probability 1 - e^-depth.
    ///
    /// - Parameter confidence: of what the registers miss by chance; that of the result is at most the product.
    public func estimate(_ keyHash: UInt64, confidence: Double = 0.99) -> Estimate {
        estimate(keyHash, confidence, collisions: collisionsMax)
    }

    private func estimate(_ keyHash: UInt64, _ confidence: Double, collisions: UInt64) -> Estimate {
        let m = parameters.m
        var histogram = [Int](repeating: 0, count: parameters.rankMax + 1)
        let first = place(keyHash, 0) * m
        for register in 0..<m {
            var rank = registers[first + register]
            for row in 1..<max(1, parameters.depth) {
                rank = min(rank, registers[place(keyHash, row) * m + register])
            }
            histogram[Int(rank)] += 1
        }
        var estimate = estimator.estimate(histogram, confidence: confidence)
        // Without wrapping, whatever a full sketch says.
        estimate.below += min(collisions, estimate.value - estimate.below)
        estimate.confidence *= parameters.confidence
        return estimate
    }

    /// How many pairs of a key and an element there were.
    public func pairCount(confidence: Double = 0.99) -> Estimate { pairs.estimate(confidence: confidence) }

    private var collisionsMax: UInt64 {
        let all = pairs.estimate(confidence: 0.999)
        return parameters.collisions(pairs: all.value + all.above)
    }

    /// The keys that are known by name and may have `threshold` elements or more, in no order.
    ///
    /// - Parameter hash: gives a key's hash, as it was in the updates.
    public func rows(
        threshold: UInt64, confidence: Double = 0.99, hash: (SketchKey) -> UInt64
    ) -> [Row] {
        let collisions = collisionsMax
        var keys = spilled
        // A cell that has counted far less than the threshold in all cannot hold a key that has reached it.
        for cell in cells where cell.value > 0 && cell.load * 2 + 8 >= Double(threshold) { keys.insert(cell.key) }
        var rows: [Row] = []
        for key in keys {
            let spread = estimate(hash(key), confidence, collisions: collisions)
            if spread.value >= threshold { rows.append(Row(key: key, spread: spread)) }
        }
        return rows
    }

    /// Takes in what another sketch has seen.
    public mutating func merge(_ other: SuperSpread) throws(SketchFailure) {
        guard other.parameters == parameters, other.seed == seed else { throw .unlike }
        try pairs.merge(other.pairs)
        Self.raise(&registers, to: other.registers.span)
        spilled.formUnion(other.spilled)
        for place in cells.indices where other.cells[place].load > 0 {
            let theirs = other.cells[place]
            var ours = cells[place]
            if ours.value > 0, theirs.value > 0, ours.key != theirs.key {
                spilled.insert(ours.value < theirs.value ? ours.key : theirs.key)
            }
            if theirs.value > ours.value { ours.key = theirs.key }
            ours.value = max(ours.value, theirs.value)
            let start = place * parameters.m
            ours.refill(registers[start..<start + parameters.m], estimator)
            cells[place] = ours
        }
    }

    private static func raise(_ array: inout [UInt8], to other: Span<UInt8>) {
        var registers = array.mutableSpan
        for i in other.indices { registers[i] = max(registers[i], other[i]) }
    }
}

/// One element of one key.
@frozen public struct SpreadUpdate: BitwiseCopyable, Sendable {
    public var key: SketchKey
    /// Of the key; see `RowHashes`.
    public var keyHash: UInt64
    /// Of key and element together, such as `SketchHash.pair` gives it.
    public var pairHash: UInt64

    @inlinable @inline(__always) public init(key: SketchKey, keyHash: UInt64, pairHash: UInt64) {
        self.key = key
        self.keyHash = keyHash
        self.pairHash = pairHash
    }
}
