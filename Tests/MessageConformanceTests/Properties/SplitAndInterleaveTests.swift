import AppProtocols
import CaptureTestSupport
import Events
import Pipeline
import Testing

/// The records of a connection depend on nothing but what it says.
@Suite struct SplitAndInterleaveTests {
    private static func byConnection(_ result: PipelineResult) -> [UInt32: [String]] {
        Dictionary(grouping: result.messages) { $0.base.pid }.mapValues { $0.map(\.signature) }
    }

    /// However events are cut, connections interleaved, and threads shared.
    @Test(arguments: 0..<6 as Range<UInt64>)
    func recordsOfAConnectionAreTheSame(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let conversations = (1...16).map { RandomConversation(pid: UInt32($0), exchanges: 12, &random) }
        var expected: [UInt32: [String]] = [:]
        var transactions: [String] = []
        for conversation in conversations {
            let alone = try PipelineResult(conversation.events) { $0.threads = 1 }
            #expect(alone.messages.count >= 24 && alone.messages.allSatisfy { $0.isComplete && $0.notes.isEmpty })
            expected[conversation.pid] = alone.messages.map(\.signature)
            transactions += alone.transactions.map { "\($0)" }
        }
        for threads in 1...4 {
            let pieces = conversations.map { $0.events.cutAnywhere(&random) }
            let result = try PipelineResult(interleaved(pieces, &random)) { settings in
                settings.threads = threads
                settings.queueLength = Int.random(in: 1...500, using: &random)
            }
            #expect(Self.byConnection(result) == expected)
            #expect(result.transactions.map { "\($0)" }.sorted() == transactions.sorted())
            #expect(result.counts.isBalanced && result.counts.connections == 16)
        }
    }
}
