import CaptureTestSupport
import Testing

@testable import Flows

@Suite struct SequenceTrackerTests {
    private static let second: Int64 = 1_000_000_000
    private static let patience: Int64 = 3_000_000

    private static func note(
        _ tracker: inout SequenceTracker, _ start: UInt32, _ count: UInt32, at time: Int64 = 0, isSYN: Bool = false
    ) -> SequenceTracker.Verdict {
        tracker.note(start, count: count, isSYN: isSYN, isProbe: count <= 1 && !isSYN, at: time, patience: patience)
    }

    /// Segmentation offload merges and cuts segments as it likes: what counts is which numbers are in them.
    @Test func mergedSegmentsAreNew() {
        var tracker = SequenceTracker()
        #expect(Self.note(&tracker, 1000, 1448) == .new)
        #expect(Self.note(&tracker, 2448, 20 * 1448) == .new)
        #expect(Self.note(&tracker, 2448 + 20 * 1448, 100) == .new)
        // Sent again in other pieces: one of them half new.
        #expect(Self.note(&tracker, 1000, 500) == .again(octets: 500))
        #expect(Self.note(&tracker, 2448 + 20 * 1448, 200) == .again(octets: 100))
        #expect(Self.note(&tracker, 2448 + 20 * 1448 + 200, 1) == .new)
    }

    @Test func whatFillsAGapIsOutOfOrderOrSentAgain() {
        var tracker = SequenceTracker()
        _ = Self.note(&tracker, 0, 100)
        #expect(Self.note(&tracker, 300, 100, at: 0) == .new)
        #expect(Self.note(&tracker, 100, 100, at: 1_000_000) == .outOfOrder)
        #expect(Self.note(&tracker, 200, 100, at: Self.second) == .again(octets: 100))
        #expect(Self.note(&tracker, 100, 300, at: Self.second) == .again(octets: 300))
    }

    @Test func keepAlivesAndSYNsWithAnotherNumberAreNotSentAgain() {
        var tracker = SequenceTracker()
        #expect(Self.note(&tracker, 99, 1, isSYN: true) == .new)
        #expect(Self.note(&tracker, 99, 1, isSYN: true) == .again(octets: 1))
        #expect(Self.note(&tracker, 5_000_000, 1, isSYN: true) == .new)
        _ = Self.note(&tracker, 5_000_001, 10)
        #expect(Self.note(&tracker, 5_000_010, 1) == .new)
        #expect(Self.note(&tracker, 5_000_011, 5) == .new)
        // A stray from another part of sequence space changes nothing.
        #expect(Self.note(&tracker, 0x8000_0000, 10) == .new)
        #expect(Self.note(&tracker, 5_000_016, 5) == .new)
        #expect(Self.note(&tracker, 5_000_016, 5) == .again(octets: 5))
    }

    /// Random pieces of a stream, in any order, cut and merged, beside a model that remembers every octet; the numbers
    /// wrap on the way.
    @Test(arguments: UInt64(0)..<300) func agreesWithAModelThatRemembersEveryOctet(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var tracker = SequenceTracker()
        let base = UInt32.max - UInt32.random(in: 0...400, using: &random)
        var seen: Set<Int> = [], opened: [Int: Int64] = [:]
        var highest = 0, time: Int64 = 5 * Self.second
        _ = Self.note(&tracker, base, 0)  // unknown before the first octet
        for step in 0..<120 {
            time += Int64.random(in: 0...4, using: &random) * 1_000_000
            // At most three gaps are remembered. One of this length, filled by pieces of that length, falls into two.
            let hasGap = (0..<highest).contains { !seen.contains($0) }
            let start = step == 0 ? 0 : max(0, highest + Int.random(in: hasGap ? -40...0 : -40...12, using: &random))
            let count = Int.random(in: 5...30, using: &random)
            let range = start..<start + count
            let expected: SequenceTracker.Verdict
            if start >= highest {
                for octet in highest..<start { opened[octet] = time }
                expected = .new
            } else {
                let old = range.filter { $0 < highest }
                let young = old.filter { !seen.contains($0) && time - opened[$0]! <= Self.patience }
                expected = young.count == old.count ? .outOfOrder : .again(octets: UInt32(old.count - young.count))
            }
            seen.formUnion(range)
            highest = max(highest, range.upperBound)
            let found = Self.note(&tracker, base &+ UInt32(start), UInt32(count), at: time)
            #expect(found == expected, "seed \(seed), step \(step), \(range)")
        }
    }
}
