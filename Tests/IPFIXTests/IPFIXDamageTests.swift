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

    /// Rows say whose they are from the first one on, or none does: as many processes are read as rows.
    @Test func processesThatBeginBetweenRowsAreRefused() {
        var random = SeededGenerator(seed: 4)
        let rows = FlowSamples.rows(1, of: Self.task, using: &random)
        let processes = ProcessNumbers([FlowProcess(pid: 80, comm: "nginx")])
        let plain = Self.sets(IPFIXFile(Self.task, rows: rows))
        let attributed = Self.sets(IPFIXFile(Self.task, rows: rows, pairs: [ProcessPair()], processes: processes))
        // The second one's rows have templates of their own numbers, and its task was named before.
        let (task, end) = (UInt16(256), UInt16(257))
        var others = attributed.filter { ![task, end].contains($0.template) }
        for index in others.indices where others[index].template >= 260 {
            others[index].template += 100
            if others[index].id >= 256 { others[index].id += 100 }
        }
        let mixed = Self.message(plain.filter { $0.id != end } + others + plain.filter { $0.id == end })
        guard case .template? = failure(mixed)?.reason else {
            Issue.record("expected a template that is refused, got \(String(describing: failure(mixed)))")
            return
        }
    }

    private typealias DataSet = (id: UInt16, template: UInt16, body: [UInt8])

    /// The sets of a file of one message, each with the template that it is of or tells of.
    private static func sets(_ file: IPFIXFile) -> [DataSet] {
        let message = file.octets
        func number(_ position: Int) -> UInt16 { UInt16(message[position]) << 8 | UInt16(message[position + 1]) }
        var (sets, position): ([DataSet], Int) = ([], 16)
        while position < message.count {
            let (id, end) = (number(position), position + Int(number(position + 2)))
            let template = id < 256 ? number(position + 4) : id
            sets.append((id, template, Array(message[(position + 4)..<end])))
            position = end
        }
        return sets
    }

    private static func message(_ sets: [DataSet]) -> [UInt8] {
        func octets(_ number: Int) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }
        var bodies: [UInt8] = []
        for set in sets {
            bodies += octets(Int(set.id)) + octets(set.body.count + 4)
            bodies += set.id < 256 ? octets(Int(set.template)) + set.body.dropFirst(2) : set.body
        }
        let rest: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        return octets(10) + octets(bodies.count + 16) + rest + bodies
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
