/// One direction of a connection: what its receiver would expect next.
struct StreamHalf: BitwiseCopyable {
    struct Flags: OptionSet, BitwiseCopyable {
        let rawValue: UInt8
        /// `next` means something.
        static let started = Flags(rawValue: 1)
        /// `initial` is the sequence number of a SYN.
        static let synSeen = Flags(rawValue: 2)
        /// `fin` is the sequence number of the FIN.
        static let finKnown = Flags(rawValue: 4)
        static let closed = Flags(rawValue: 8)
        /// `initial` is what the peer acknowledged before this direction was heard: nothing before it is missing.
        static let hinted = Flags(rawValue: 16)
    }

    /// Sequence number of the next octet to deliver.
    var next: UInt32 = 0
    var fin: UInt32 = 0
    var initial: UInt32 = 0
    /// Where a segment would begin that continues the last stray one.
    var strayNext: UInt32 = 0
    /// Octets delivered or passed over since the start.
    var passed: UInt64 = 0
    /// The last so many of these are only known from the peer's acknowledgment, and nothing came behind them yet.
    var assumed: UInt32 = 0
    /// What waits, where something does: an index into the backlogs; else -1.
    var backlog: Int32 = -1
    var strays: UInt8 = 0
    var flags: Flags = []

    mutating func start(at sequence: UInt32) {
        next = sequence
        passed = 0
        flags.insert(.started)
    }

    /// Octets from what is expected next to `sequence`; negative for what has passed.
    @inline(__always) func distance(to sequence: UInt32) -> Int { Int(Int32(bitPattern: sequence &- next)) }

    mutating func advance(by count: Int) {
        next &+= UInt32(truncatingIfNeeded: count)
        passed += UInt64(count)
        assumed = 0
    }

    /// Goes back to octets that were only assumed to have passed: acknowledgments may be wrong, and captures out of
    /// order by more than is waited for.
    mutating func rewind(to sequence: UInt32) {
        let octets = -distance(to: sequence)
        guard octets > 0, octets <= Int(assumed), !flags.contains(.closed) else { return }
        next = sequence
        passed -= UInt64(octets)
        assumed -= UInt32(octets)
    }
}

/// A connection: 160 octets, and 8 to 16 more in the table's index.
struct StreamEntry: BitwiseCopyable {
    struct Flags: OptionSet, BitwiseCopyable {
        let rawValue: UInt8
        /// The sink knows it.
        static let announced = Flags(rawValue: 1)
        /// A SYN said which end opened it.
        static let openerKnown = Flags(rawValue: 2)
        /// The opener is the key's high end.
        static let openerIsHigh = Flags(rawValue: 4)
        /// One end has reset it.
        static let reset = Flags(rawValue: 8)
        /// The sink was told of its end; what still comes is repetition.
        static let finished = Flags(rawValue: 16)
        /// It is kept for a short time only: `brief`, not `lasting`, holds it.
        static let brief = Flags(rawValue: 32)
    }

    var key: StreamKey
    var halves: [2 of StreamHalf] = [StreamHalf(), StreamHalf()]
    var firstSeen: Int64
    var lastSeen: Int64
    /// When it was last put to the end of its list; lags behind `lastSeen` so that not every packet moves it.
    var placed: Int64
    var serial: UInt64 = 0
    var hash: UInt32
    var flags: Flags = .brief

    init(key: StreamKey, hash: UInt32, time: Int64) {
        self.key = key
        self.hash = hash
        firstSeen = time
        lastSeen = time
        placed = time
    }

    var openerSide: Int { flags.contains(.openerIsHigh) ? 1 : 0 }
    var hasPassedData: Bool { halves[0].passed | halves[1].passed != 0 }
    var hasBacklog: Bool { halves[0].backlog >= 0 || halves[1].backlog >= 0 }

    mutating func setOpener(_ side: Int) {
        if side == 1 { flags.insert(.openerIsHigh) } else { flags.remove(.openerIsHigh) }
    }
}
