/// How far one direction of a TCP connection has come in sequence space (RFC 9293 § 3.4), and what is missing before.
///
/// It compares ranges of sequence numbers, not packets: a segment that segmentation offload merged, or cut otherwise
/// than its first copy was, is new where its numbers are.
struct SequenceTracker: BitwiseCopyable, Sendable {
    enum Verdict: Equatable {
        /// Nothing in it came before; or it is empty.
        case new
        /// It fills a gap that is young.
        case outOfOrder
        /// This many of its sequence numbers came before, or fill a gap that is old.
        case again(octets: UInt32)
    }

    /// Numbers that were jumped over.
    private struct Gap: BitwiseCopyable {
        var start: UInt32 = 0
        /// Equal to `start` where there is no gap.
        var end: UInt32 = 0
        /// When it was noticed, microseconds modulo 2³²: ages below an hour are told apart.
        var opened: UInt32 = 0
    }

    /// Gaps that are remembered; of more, the oldest is forgotten, and what fills it counts as coming again.
    private static let gapsMax = 3
    /// No window is larger (RFC 7323 § 2.3): what lies farther off is a stray and is left alone.
    private static let windowMax: UInt32 = 1 << 30

    private(set) var isKnown = false
    /// The sequence number of the SYN, if it was seen: else of the first segment.
    private(set) var initial: UInt32 = 0
    /// The number after the highest one seen.
    private var next: UInt32 = 0
    private var gaps: [3 of Gap] = .init(repeating: Gap())

    /// - Parameters:
    ///   - count: sequence numbers that the segment takes: its payload, SYN and FIN.
    ///   - isSYN: it begins a connection; with another number than before, everything anew.
    ///   - isProbe: it may be a keep-alive, which repeats the last number on purpose (RFC 9293 § 3.8.4).
    ///   - patience: nanoseconds within which a filled gap is taken for packets that overtook each other.
    mutating func note(
        _ start: UInt32, count: UInt32, isSYN: Bool, isProbe: Bool, at time: Int64, patience: Int64
    ) -> Verdict {
        let end = start &+ count
        if !isKnown || isSYN && start != initial {
            self = SequenceTracker()
            (isKnown, initial, next) = (true, start, end)
            return .new
        }
        guard count > 0 else { return .new }
        let ahead = start &- next
        if ahead == 0 {
            next = end
            return .new
        }
        if ahead < Self.windowMax {
            open(from: next, to: start, at: Self.microseconds(time))
            next = end
            return .new
        }
        let behind = 0 &- ahead
        guard behind < Self.windowMax, !(isProbe && behind == 1 && count == 1) else { return .new }
        return repeated(start, count: count, behind: behind, at: Self.microseconds(time), patience: patience)
    }

    /// A segment that begins before `next`.
    private mutating func repeated(
        _ start: UInt32, count: UInt32, behind: UInt32, at time: UInt32, patience: Int64
    ) -> Verdict {
        let old = min(count, behind)
        if count > behind { next = start &+ count }
        // What fills an old gap was lost and sent again; what fills a young one was overtaken on its way.
        var young: UInt32 = 0
        for index in 0..<Self.gapsMax where gaps[index].start != gaps[index].end {
            let gap = gaps[index]
            let filled = fill(index, start, old)
            if Int64(time &- gap.opened) * 1000 <= patience { young += filled }
        }
        // The numbers of a gap belong to one gap, so the sum is not above `old`.
        let again = old - young
        if again > 0 { return .again(octets: again) }
        return .outOfOrder
    }

    private mutating func open(from start: UInt32, to end: UInt32, at time: UInt32) {
        var place = 0
        for index in 0..<Self.gapsMax {
            if gaps[index].start == gaps[index].end {
                place = index
                break
            }
            if time &- gaps[index].opened > time &- gaps[place].opened { place = index }
        }
        gaps[place] = Gap(start: start, end: end, opened: time)
    }

    /// Takes `count` numbers from `start` on out of a gap.
    /// - Returns: how many of them were in it.
    private mutating func fill(_ index: Int, _ start: UInt32, _ count: UInt32) -> UInt32 {
        let gap = gaps[index]
        let length = Int64(gap.end &- gap.start)
        let from = Int64(Int32(bitPattern: start &- gap.start))
        let low = max(from, 0), high = min(from + Int64(count), length)
        guard low < high else { return 0 }
        let (before, after) = (gap.start &+ UInt32(low), gap.start &+ UInt32(high))
        gaps[index] = Gap(start: gap.start, end: before, opened: gap.opened)
        if high < length {
            if low == 0 {
                gaps[index] = Gap(start: after, end: gap.end, opened: gap.opened)
            } else {
                open(from: after, to: gap.end, at: gap.opened)
            }
        }
        return UInt32(high - low)
    }

    private static func microseconds(_ time: Int64) -> UInt32 { UInt32(truncatingIfNeeded: time / 1000) }
}
