import Events
import Foundation
import KernelIO
import Pipeline
import Testing

/// A recording of the cases' folder, which NETSPECTRA_CASES names, read as `netspectra replay` reads it.
struct RecordedCase {
    static let folder = ProcessInfo.processInfo.environment["NETSPECTRA_CASES"]
    static let names: [String] = {
        guard let folder, let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return [] }
        return files.filter { $0.hasSuffix(".jsonl") }.map { String($0.dropLast(".jsonl".count)) }.sorted()
    }()

    var events: [SourceEvent]
    var closedAt: Int64?

    init(_ name: String) throws {
        let list = EventList()
        let outcome = RecordedEvents().read("\(try #require(Self.folder))/\(name).jsonl", into: list)
        #expect(!outcome.isDamaged && outcome.problems.isEmpty && outcome.records > 0)
        events = list.events
        closedAt = outcome.closedAt
    }

    /// All octets of a direction.
    func octets(_ direction: Direction) -> [UInt8] {
        events.filter { $0.head.kind == .data && $0.head.direction == direction }.flatMap(\.payload)
    }

    /// Runs the recording, and again with other numbers of threads and with its events in pieces: the result must be
    /// the same.
    func run(_ change: (inout EventProcessor.Settings) -> Void = { _ in }) throws -> PipelineResult {
        func run(_ events: [SourceEvent], threads: Int) throws -> PipelineResult {
            try PipelineResult(events, closedAt: closedAt) { settings in
                settings.threads = threads
                // As `replay` has it.
                settings.reorderWindow = 10_000_000
                change(&settings)
            }
        }
        let result = try run(events, threads: 2)
        #expect(result.counts.isBalanced && result.counts.deliveredEvents == result.counts.events)
        let signature = result.messages.map(\.signature)
        let octets = events.reduce(0) { $0 + $1.payload.count }
        for threads in [1, 4] {
            #expect(try run(events, threads: threads).messages.map(\.signature) == signature)
            let size = max(1, octets / (threads * 4_000))
            #expect(try run(events.cut(into: size), threads: threads).messages.map(\.signature) == signature)
        }
        return result
    }
}

/// Keeps what a source writes.
final class EventList: EventEntrance {
    private let list = Monitor<[SourceEvent]>([])

    var events: [SourceEvent] { list.withLock { $0 } }

    func write(_ head: EventHead, _ payload: Span<UInt8>) -> EventProcessor.Answer {
        var copy: [UInt8] = []
        copy.append(contentsOf: payload)
        list.withLock { $0.append(SourceEvent(head: head, payload: copy)) }
        return .accepted
    }
}

extension [SourceEvent] {
    /// The same octets in more events, of `size` octets at most.
    func cut(into size: Int) -> [SourceEvent] {
        flatMap { event -> [SourceEvent] in
            guard event.head.kind == .data, event.payload.count > size else { return [event] }
            return stride(from: 0, to: event.payload.count, by: size).map { start in
                var piece = event
                if start > 0 { piece.head.missing = 0 }
                piece.payload = [UInt8](event.payload[start..<Swift.min(start + size, event.payload.count)])
                return piece
            }
        }
    }
}
