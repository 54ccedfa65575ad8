import Sketches

/// What is counted in a sketch instead of a table: in memory that does not grow, with bounds instead of exactness.
public struct SketchTask: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// Keys with at least so many packets or octets.
        case heavyHitters(CountMinParameters, HeavyHitters.Thresholds)
        /// Keys with at least `threshold` different elements.
        case superSpread(SuperSpreadParameters, threshold: UInt64)
        /// How many different elements there are in all; the task has no key.
        case distinct(precision: Int)
        /// The keys with the most octets.
        case top(counters: Int)

        /// What it is called in output.
        public var name: String {
            switch self {
            case .heavyHitters: "heavy_hitters"
            case .superSpread: "super_spread"
            case .distinct: "distinct"
            case .top: "top"
            }
        }
    }

    public var name: String
    /// What a row is about.
    public var fields: KeyFields
    /// What is counted once per key, where different things are counted.
    public var elements: KeyFields?
    public var kind: Kind
    /// Of estimates whose bounds can be had for any; 0 ... 1.
    public var confidence: Double
    /// Equal seeds give equal results.
    public var seed: UInt64

    public static let seedDefault: UInt64 = 0x4E65_7453_7065_6374
    public static let confidenceDefault = 0.99

    public init(
        name: String, fields: KeyFields, elements: KeyFields? = nil, kind: Kind,
        confidence: Double = confidenceDefault, seed: UInt64 = seedDefault
    ) {
        self.name = name
        self.fields = fields
        self.elements = elements
        self.kind = kind
        self.confidence = confidence
        self.seed = seed
    }

    /// The task as one of a table, for what both have: name and key.
    public var flowTask: FlowTask { FlowTask(name: name, fields: fields) }
}

/// What a sketch says of one key. `nil` for what its kind does not count.
public struct SketchRow: Equatable, Sendable {
    public var key: FlowKey
    public var packets: Estimate?
    public var bytes: Estimate?
    /// Different elements.
    public var spread: Estimate?

    public init(key: FlowKey, packets: Estimate? = nil, bytes: Estimate? = nil, spread: Estimate? = nil) {
        self.key = key
        self.packets = packets
        self.bytes = bytes
        self.spread = spread
    }

    /// Every number of the row is the true one.
    public var isExact: Bool { estimates.allSatisfy(\.isExact) }
    /// The least sure of the row's bounds.
    public var confidence: Double { estimates.map(\.confidence).min() ?? 1 }
    private var estimates: [Estimate] { [packets, bytes, spread].compactMap(\.self) }
}

/// What one sketch has counted between two cuts.
public struct SketchResult: Equatable, Sendable {
    public var task: SketchTask
    public var rows: [SketchRow]
    /// How many rows there are in all.
    public var rowCount: Int
    /// Of all packets, exactly.
    public var totalPackets: UInt64
    public var totalBytes: UInt64
    /// Different pairs of a key and an element, or different elements; `nil` where none are counted.
    public var distinct: Estimate?
    /// Keys that reached a threshold and could not be kept.
    public var keysDropped: UInt64

    public init(
        task: SketchTask, rows: [SketchRow], totalPackets: UInt64, totalBytes: UInt64, distinct: Estimate? = nil,
        keysDropped: UInt64 = 0
    ) {
        self.task = task
        self.rows = rows
        rowCount = rows.count
        self.totalPackets = totalPackets
        self.totalBytes = totalBytes
        self.distinct = distinct
        self.keysDropped = keysDropped
    }
}

extension SketchKey {
    @inlinable @inline(__always) public init(_ key: FlowKey) {
        self.init(key.sourceHigh, key.sourceLow, key.destinationHigh, key.destinationLow, key.meta)
    }
}

extension FlowKey {
    public init(_ key: SketchKey) {
        self.init(
            sourceHigh: key.first, sourceLow: key.second, destinationHigh: key.third, destinationLow: key.fourth,
            meta: key.fifth)
    }
}

extension CompactKey {
    /// 64 bits that spread keys evenly; those of the same key as `FlowKey` differ.
    @inlinable @inline(__always) public func wideHash(seed: UInt64) -> UInt64 {
        SketchHash.mixed(foldedProduct(addresses ^ seed, meta ^ 0xE703_7ED1_A0B4_28DB))
    }
}

extension FlowKey {
    /// 64 bits that spread keys evenly.
    @inlinable @inline(__always) public func wideHash(seed: UInt64) -> UInt64 {
        let a = foldedProduct(sourceHigh ^ seed, sourceLow ^ 0xE703_7ED1_A0B4_28DB)
        let b = foldedProduct(destinationHigh ^ 0x8EBC_6AF0_9C88_C6E3, destinationLow ^ seed ^ 0x5899_65CC_7537_4CC3)
        return SketchHash.mixed(foldedProduct(a ^ b, meta ^ 0x1D8E_4E27_C47D_124F))
    }
}
