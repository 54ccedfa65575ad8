import CaptureTestSupport
import Sketches

/// Keys drawn with a probability that falls with their rank, and what each has for certain.
struct ZipfStream {
    /// A packet of a key, with an element.
    struct Packet {
        var key: UInt64
        var element: UInt64
        var bytes: UInt64
    }

    var packets: [Packet] = []
    var counts: [UInt64: SketchCount] = [:]
    var elements: [UInt64: Set<UInt64>] = [:]
    var total = SketchCount()

    /// Rank r has a weight of 1 / r; elements are drawn from a range that shrinks with the rank.
    init(packets count: Int, keys: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var cumulative: [Double] = []
        var sum = 0.0
        for rank in 1...keys {
            sum += 1 / Double(rank)
            cumulative.append(sum)
        }
        for _ in 0..<count {
            let wanted = Double.random(in: 0..<sum, using: &random)
            var (low, high) = (0, keys - 1)
            while low < high {
                let middle = (low + high) / 2
                if cumulative[middle] < wanted { low = middle + 1 } else { high = middle }
            }
            let key = UInt64(low)
            let element = UInt64.random(in: 0..<UInt64(4 * keys / (low + 1) + 1), using: &random)
            let bytes = UInt64.random(in: 64...1500, using: &random)
            packets.append(Packet(key: key, element: element, bytes: bytes))
            let weight = SketchCount(packets: 1, bytes: bytes)
            counts[key, default: SketchCount()].add(weight)
            elements[key, default: []].insert(element)
            total.add(weight)
        }
    }

    /// What hashes a key under a seed.
    static func hash(_ key: UInt64, _ seed: UInt64) -> UInt64 {
        SketchHash.mixed(key ^ SketchHash.mixed(seed))
    }

    static func hash(_ key: SketchKey, _ seed: UInt64) -> UInt64 { hash(key.first, seed) }

    func counts(_ seed: UInt64) -> [KeyedCount] {
        packets.map {
            KeyedCount(
                key: SketchKey($0.key), hash: Self.hash($0.key, seed),
                count: SketchCount(packets: 1, bytes: $0.bytes))
        }
    }

    func updates(_ seed: UInt64) -> [CountMinUpdate] {
        counts(seed).map { CountMinUpdate(hash: $0.hash, count: $0.count) }
    }

    func spreads(_ seed: UInt64) -> [SpreadUpdate] {
        packets.map {
            let hash = Self.hash($0.key, seed)
            return SpreadUpdate(
                key: SketchKey($0.key), keyHash: hash,
                pairHash: SketchHash.pair(hash, SketchHash.mixed($0.element)))
        }
    }
}

/// How often a bound did not hold, and how often that may be.
struct BoundTally {
    var checked = 0
    var missed = 0

    mutating func check(_ holds: Bool) {
        checked += 1
        if !holds { missed += 1 }
    }

    /// Misses are no more than the confidence allows, and three standard deviations of that by chance.
    func keeps(_ confidence: Double) -> Bool {
        let expected = Double(checked) * (1 - confidence)
        return Double(missed) <= expected + 3 * expected.squareRoot()
    }
}
