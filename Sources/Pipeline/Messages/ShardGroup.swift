import AppProtocols
import KernelIO

/// Some of the shards, with what they share. One thread at a time works on it, with every batch perhaps another one, as
/// the processor sees to: that is why it may change threads.
final class ShardGroup: @unchecked Sendable {
    private var shards: [EventShard] = []
    private let make: () -> [EventShard]

    /// - Parameter count: so many groups are the shards dealt to, in turn.
    init(
        _ number: Int, of count: Int, _ settings: EventProcessor.Settings,
        makeTools: @escaping @Sendable () -> any BodyTools,
        makeRenderer: @escaping @Sendable () -> any MessageRenderer
    ) {
        make = {
            let context = ParserContext(settings.parser, makeTools(), registry: settings.registry)
            return stride(from: number, to: EventProcessor.shardCount, by: count).map { index in
                EventShard(index, settings, context, makeRenderer())
            }
        }
    }

    func process(_ batch: EventBatch, into output: GroupOutput) {
        if shards.isEmpty { shards = make() }
        for index in shards.indices {
            // Often, as what is touched before is on small pages for good.
            HeapPages.advise()
            shards[index].process(batch, into: output)
        }
    }

    /// What became of the events so far.
    var counts: MessageCounts {
        var counts = MessageCounts()
        for shard in shards { counts.add(shard.counts) }
        return counts
    }
}
