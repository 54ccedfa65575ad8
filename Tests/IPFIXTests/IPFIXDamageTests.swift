import CaptureTestSupport
import Flows
import Headers
import IPFIX
import TestSupport
import Testing

@Suite struct IPFIXDamageTests {
    static let task = FlowTask(name: "damage", fields: .fiveTuple, bidirectional: true)
    static func file() -> IPFIXFile {
        var random = SeededGenerator(seed: 3)
        let rows = FlowSamples.rows(8, of: task, using: &random)
        return IPFIXFile(task, rows: rows, other: FlowSamples.other(of: task, using: &random), evictedFlows: 1)
    }

    private func failure(_ octets: [UInt8]) -> IPFIXFailure? {
        do throws(IPFIXFailure) {
            _ = try IPFIXFile(messages: [octets]).decode()
            return nil
        } catch {
            return error
        }
    }

    /// A message cut anywhere, its length corrected so that only the inside is wrong, is refused: the end is missing.
    @Test func everyCutIsNoticed() {
        let octets = Self.file().octets
        for count in 16..<octets.count {
            var cut = Array(octets.prefix(count))
            cut[2] = UInt8(count >> 8)
            cut[3] = UInt8(count & 0xFF)
            #expect(failure(cut) != nil)
            #expect(
                failure(Array(octets.prefix(count)))
                    == IPFIXFailure(
                        .messageLength(claimed: octets.count, available: count), at: 0))
        }
    }

    /// No octet's change traps; whatever is still read has no more rows than octets allow.
    @Test(arguments: [UInt8(0), 1, 0x7F, 0x80, 0xFF]) func everyChangedOctetIsSurvived(value: UInt8) {
        let octets = Self.file().octets
        for index in octets.indices {
            var changed = octets
            changed[index] = value
            if let read = try? IPFIXFile(messages: [changed]).decode() { #expect(read.rows.count <= octets.count / 26) }
        }
    }

    @Test(arguments: UInt64(0)..<300) func randomOctetsBehindAHeaderAreSurvived(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 16...400, using: &random)
        var octets = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next() >> 60) }
        octets.replaceSubrange(0..<12, with: [0, 10, UInt8(count >> 8), UInt8(count & 0xFF), 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(failure(octets) != nil)
    }

    @Test func aMissingMessageIsNoticed() {
        var random = SeededGenerator(seed: 5)
        var file = IPFIXFile(Self.task, rows: FlowSamples.rows(3000, of: Self.task, using: &random))
        #expect(file.messages.count > 2)
        let offset = file.messages[0].count
        file.messages.remove(at: 1)
        var caught: IPFIXFailure?
        do throws(IPFIXFailure) { _ = try file.decode() } catch { caught = error }
        guard case .sequence = caught?.reason else {
            Issue.record("expected a gap in the sequence, got \(String(describing: caught))")
            return
        }
        #expect(caught?.offset == offset)
    }

    @Test func aFileOfAnotherFormatIsNamed() {
        #expect(failure(Array("<!DOCTYPE html><html>".utf8)) == IPFIXFailure(.version(0x3C21), at: 0))
    }

    @Test func aFileWithoutItsEndIsNamed() {
        var encoder = IPFIXEncoder(task: Self.task, domain: 1, time: 0)
        encoder.closeMessage()
        let message = encoder.message
        let octets = message.indices.map { message[$0] }
        #expect(failure(octets) == IPFIXFailure(.missingEnd, at: octets.count))
    }
}
