import Octets

/// Rendered records that a group of shards made of a batch, one shard after the other, each record with the place where
/// it belongs among those of the other groups.
///
/// One buffer for all shards of a group: of one for each, every one would come to have room for the longest records,
/// and all together would fall out of the processor's cache.
final class GroupOutput {
    struct Run {
        var place: RecordPlace
        /// In the buffer.
        var end: Int
    }

    /// One value, so that what is done for each record takes one access to the object.
    struct Records {
        var octets = OctetBuffer(takesLoans: true)
        var runs: [Run] = []
        /// The first run of each shard.
        var shards: [Int] = []
        var count: UInt64 = 0
    }

    private var records = Records()
    /// A buffer that has grown beyond is not kept for the next batch.
    private let keptOctets: Int

    /// - Parameter shards: how many of them the group has.
    init(shards: Int) { keptOctets = shards * Self.keptOctetsOfShard }

    private static let keptOctetsOfShard = 4 << 20

    var octets: OctetBuffer { records.octets }
    var recordCount: UInt64 { records.count }

    /// Lends what is here to the one who appends to it, and takes it back.
    func exchange(_ other: inout Records) { swap(&records, &other) }

    /// Records of one shard, in order.
    struct Part {
        let runs: ArraySlice<Run>
        /// Where the first of them begins in the buffer.
        let start: Int
    }

    /// The shards that have any.
    var parts: [Part] {
        let runs = records.runs
        let ends = records.shards.dropFirst() + [runs.count]
        return zip(records.shards, ends).compactMap { first, end in
            let start = first == 0 ? 0 : runs[first - 1].end
            return first < end && runs[end - 1].end > start ? Part(runs: runs[first..<end], start: start) : nil
        }
    }

    func removeAll() { records.removeAll(keeping: keptOctets) }
}

extension GroupOutput.Records {
    /// What is appended from now on is another shard's.
    mutating func beginShard() { shards.append(runs.count) }

    /// What was written into `octets` behind the last record is one more.
    mutating func end(at place: RecordPlace) {
        count += 1
        let end = octets.count
        // It is told by what follows which record a loan belongs to.
        assert(octets.loans.last.map { $0.position < end } ?? true, "a record ends with octets of its own")
        // Two shards have no place in common.
        if let last = runs.last, last.place == place {
            runs[runs.count - 1].end = end
        } else {
            runs.append(GroupOutput.Run(place: place, end: end))
        }
    }

    fileprivate mutating func removeAll(keeping octetsMax: Int) {
        if octets.capacity <= octetsMax { octets.removeAll() } else { octets = OctetBuffer(takesLoans: true) }
        runs.removeAll(keepingCapacity: true)
        shards.removeAll(keepingCapacity: true)
        count = 0
    }
}
