import Octets

/// The dynamic table of HPACK (RFC 7541 § 2.3.2) as an observer knows it.
///
/// Entries are ranges of one buffer that only grows at its end; evicted octets are squeezed out now and then, so an
/// insertion costs a copy and no allocation. They stand there as the lines that they are shown as.
///
/// An observer may not have seen the older entries: it joined late, or octets were lost. Indices count from the newest
/// entry, so those inserted since are certain: whatever an encoder refers to has not been evicted, and eviction only
/// takes from the other end. What lies beyond them is unknown, never guessed.
struct HPACKTable {
    struct Entry {
        /// Where its line starts, counted in all octets ever stored (modulo 2³²).
        var start: UInt32
        var nameCount: UInt32
        var valueCount: UInt32
        /// Octets that count and were not kept, for work is bounded: `marks` says that they are unknown.
        var missingCount: UInt32
        var marks: HeaderList.Marks

        /// § 4.1.
        var size: Int { Int(nameCount) + Int(valueCount) + Int(missingCount) + 32 }
        var storedCount: Int { Int(nameCount) + Int(valueCount) }
        /// Octets of its line.
        var lineCount: Int { storedCount + HeaderList.lineOctets }
    }

    enum Reference {
        case entry(Entry)
        /// Inserted before anything was seen.
        case unknown
        /// There is no such entry.
        case none
    }

    /// The size both ends start with (RFC 9113 § 6.5.2).
    static let initialSizeMax = 4_096
    /// Octets kept at most, whatever the ends agreed upon; what is beyond becomes unknown.
    static let keptSizeMax = 256 << 10

    private(set) var octets: [UInt8] = []
    /// `Entry.start` of the first octet in `octets`.
    private var base: UInt32 = 0
    private var entries: [Entry] = []
    /// Entries before it were evicted.
    private var firstLive = 0
    /// The sum of the live entries' sizes.
    private(set) var size = 0
    /// What the encoder said it uses; `nil`: nobody knows.
    private(set) var sizeMax: Int? = initialSizeMax
    /// There may be older entries that were never seen.
    private(set) var hasUnknownEntries = false

    var count: Int { entries.count - firstLive }

    /// Nothing is known of the table any more: octets are missing.
    mutating func forget() {
        evictAll()
        sizeMax = nil
        hasUnknownEntries = true
    }

    /// - Parameter index: 0 is the newest entry.
    @inline(always)
    func reference(_ index: Int) -> Reference {
        let position = entries.count &- 1 &- index
        if position >= firstLive { return .entry(entries[position]) }
        return hasUnknownEntries ? .unknown : .none
    }

    /// Where an entry's line starts in `octets`.
    @inline(always)
    func start(of entry: Entry) -> Int { Int(entry.start &- base) }

    /// The encoder changes the size it uses (§ 4.2, § 6.3).
    mutating func resize(to octets: Int) {
        sizeMax = octets
        makeRoom(0)
        ruleOutUnknownEntries()
    }

    /// Where the known entries leave no room for another, there is no other.
    private mutating func ruleOutUnknownEntries() {
        if let sizeMax, size + 32 > sizeMax { hasUnknownEntries = false }
    }

    /// Inserts name and value (§ 4.4).
    /// - Parameters:
    ///   - line: the field as far as its octets are known.
    ///   - missingCount: octets that are not known, or not kept.
    mutating func insert(
        line: Span<UInt8>, nameCount: Int, missingCount: Int, marks: HeaderList.Marks
    ) {
        // Squeezing out keeps where the next octet is counted.
        let entry = Entry(
            start: base &+ UInt32(truncatingIfNeeded: octets.count), nameCount: UInt32(truncatingIfNeeded: nameCount),
            valueCount: UInt32(truncatingIfNeeded: line.count - nameCount - HeaderList.lineOctets),
            missingCount: UInt32(clamping: missingCount), marks: marks)
        guard makeRoom(entry.size) else { return }
        octets.append(contentsOf: line)
        entries.append(entry)
        size += entry.size
        ruleOutUnknownEntries()
    }

    /// Evicts from the oldest on until `added` more octets fit.
    /// - Returns: false if they never do.
    @discardableResult
    private mutating func makeRoom(_ added: Int) -> Bool {
        let limit = min(sizeMax ?? Self.keptSizeMax, Self.keptSizeMax)
        guard size + added > limit else { return true }
        while firstLive < entries.count, size + added > limit {
            size -= entries[firstLive].size
            firstLive += 1
        }
        // What is older than an evicted entry is gone, too, if the encoder evicts by the same limit.
        if let sizeMax { hasUnknownEntries = limit < sizeMax } else { hasUnknownEntries = true }
        if firstLive == entries.count { evictAll() }
        compactIfWorthwhile()
        return added <= limit
    }

    private mutating func evictAll() {
        base &+= UInt32(truncatingIfNeeded: octets.count)
        octets.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        firstLive = 0
        size = 0
    }

    /// Squeezes out what was evicted, once it is as much as what is left: a constant cost per octet stored.
    private mutating func compactIfWorthwhile() {
        if firstLive > 32, firstLive >= entries.count / 2 {
            entries.removeSubrange(0..<firstLive)
            firstLive = 0
        }
        guard firstLive < entries.count else { return }
        let dead = Int(entries[firstLive].start &- base)
        guard dead > 512, dead >= octets.count / 2 else { return }
        octets.removeSubrange(0..<dead)
        base &+= UInt32(truncatingIfNeeded: dead)
    }

    /// Gives memory back that the live entries do not need.
    mutating func trim() {
        if firstLive > 0 {
            let dead = Int(entries[firstLive].start &- base)
            octets.removeSubrange(0..<dead)
            base &+= UInt32(truncatingIfNeeded: dead)
            entries.removeSubrange(0..<firstLive)
            firstLive = 0
        }
        if octets.capacity > octets.count + 64 {
            // An array made by copying has the capacity it needs.
            let kept = octets
            octets = [UInt8](capacity: kept.count) { output in
                for octet in kept { output.append(octet) }
            }
        }
        if entries.capacity > entries.count + 4 { entries = entries.map { $0 } }
    }
}
