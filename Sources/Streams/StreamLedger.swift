/// What came in and what became of it. All numbers add up when ledgers of several reassemblers are merged.
public struct StreamLedger: Equatable, Sendable {
    // Frames: `frames` is the sum of the rest of this group.
    public var frames: UInt64 = 0
    /// Frames that held a TCP segment.
    public var frameSegments: UInt64 = 0
    /// Frames with an IP packet of another protocol, or without one.
    public var otherFrames: UInt64 = 0
    /// Frames cut or contradicting themselves before or in the TCP header.
    public var damagedFrames: UInt64 = 0
    /// Frames with a fragment of an IP datagram; `FragmentLedger` says what became of them.
    public var fragmentFrames: UInt64 = 0

    // Datagrams that were reassembled: `segments == frameSegments + datagramSegments`.
    public var datagramSegments: UInt64 = 0
    public var otherDatagrams: UInt64 = 0
    public var segments: UInt64 = 0

    // Octets of TCP payload in the capture: `isBalanced` says how they add up.
    public var seen: UInt64 = 0
    public var delivered: UInt64 = 0
    /// Had been delivered, or passed over as a gap, before they came (again).
    public var retransmitted: UInt64 = 0
    /// Waited already: the first copy stays.
    public var overlapping: UInt64 = 0
    /// Lie before the place where a connection was joined midway.
    public var beforeStart: UInt64 = 0
    /// Lie behind the end of the stream or too far from what is expected, or came with a RST.
    public var outOfWindow: UInt64 = 0
    /// Found no room to wait.
    public var dropped: UInt64 = 0
    /// Wait behind a missing segment.
    public var inFlight: UInt64 = 0

    /// Octets of the streams that are marked as gaps of known size, by cause.
    public var gapOctets = CountsByCause<StreamGap.Cause>()
    /// Gaps, by cause.
    public var gaps = CountsByCause<StreamGap.Cause>()

    /// Connections that the sink was told of, and how they ended; those not in `ended` are open.
    public var opened: UInt64 = 0
    public var ended = CountsByCause<StreamEnd>()
    /// Connections forgotten without having carried data, among them those forgotten for their memory.
    public var withoutData: UInt64 = 0
    public var withoutDataEvicted: UInt64 = 0

    // What happened, as analysts ask.
    public var retransmittedSegments: UInt64 = 0
    public var outOfOrderSegments: UInt64 = 0
    public var keepAlives: UInt64 = 0
    public var repeatedSYNs: UInt64 = 0
    public var resets: UInt64 = 0
    /// RST with a sequence number that the connection cannot have.
    public var ignoredResets: UInt64 = 0
    /// FIN that contradicts what is known of the stream's end.
    public var ignoredFINs: UInt64 = 0
    /// Segments without payload that belong to no known connection.
    public var orphanSegments: UInt64 = 0

    public init() {}

    /// seen = delivered + discarded by cause + in flight, and the same for frames.
    public var isBalanced: Bool {
        seen == delivered + retransmitted + overlapping + beforeStart + outOfWindow + dropped + inFlight
            && frames == frameSegments + otherFrames + damagedFrames + fragmentFrames
            && segments == frameSegments + datagramSegments
    }
}

/// A counter for each case of an enumeration.
public struct CountsByCause<Cause: RawRepresentable<UInt8> & CaseIterable & Sendable>: Sendable {
    // No enumeration counted here has more cases.
    private var counts = InlineArray<8, UInt64>(repeating: 0)

    public init() {}

    public subscript(cause: Cause) -> UInt64 {
        get { counts[Int(cause.rawValue)] }
        set { counts[Int(cause.rawValue)] = newValue }
    }

    public var total: UInt64 { Cause.allCases.reduce(0) { $0 + self[$1] } }
}

extension CountsByCause: Equatable {
    public static func == (a: Self, b: Self) -> Bool { Cause.allCases.allSatisfy { a[$0] == b[$0] } }
}
