import AppProtocols
import Events
import KernelIO
import Octets
import Outputs
import Pipeline

/// One event as a source gives it.
struct SourceEvent: Sendable {
    var head: EventHead
    var payload: [UInt8] = []
}

/// One message as the pipeline gave it, with what it knew of the program and the connection.
struct ShownMessage: Sendable {
    var message: Message
    var base: BaseInfo
}

/// What a run of the whole pipeline gave, in the order of its output.
struct PipelineResult: Sendable {
    var messages: [ShownMessage] = []
    var transactions: [Transaction] = []
    var counts = MessageCounts()

    /// Runs what `feed` writes through a processor with the standard parsers and the real decompressors.
    /// - Parameter feed: returns how far time has come when the source closes, where it knows.
    init(
        _ change: (inout EventProcessor.Settings) -> Void = { _ in },
        feed: (EventProcessor) throws -> Int64? = { _ in nil }
    ) throws {
        var settings = EventProcessor.Settings(registry: .standard)
        change(&settings)
        let collection = Collection()
        let processor = try EventProcessor(
            settings, makeTools: { ContentTools() }, makeRenderer: { CollectingRenderer(collection) },
            output: { collection.take($0) })
        let (counts, failure) = processor.close(at: try feed(processor))
        if let failure { throw failure }
        self.counts = counts
        for item in collection.inOrder {
            switch item {
            case .message(let message): messages.append(message)
            case .transaction(let transaction): transactions.append(transaction)
            }
        }
    }

    /// Runs a list of events, all of which must be accepted.
    init(_ events: [SourceEvent], closedAt: Int64? = nil, _ change: (inout EventProcessor.Settings) -> Void = { _ in })
        throws
    {
        try self.init(change) { processor in
            for event in events where processor.write(event.head, event.payload.span) != .accepted {
                throw NotAccepted()
            }
            return closedAt
        }
    }

    struct NotAccepted: Error {}
}

/// Keeps messages aside and lets their numbers go through the processor's output, which puts them in order.
private final class Collection: Sendable {
    enum Item: Sendable {
        case message(ShownMessage)
        case transaction(Transaction)
    }

    private let items = Monitor<[Item]>([])
    private let order = Monitor<[UInt8]>([])

    /// - Returns: what stands for the item in the output.
    func add(_ item: Item) -> [UInt8] {
        let number = items.withLock { items in
            items.append(item)
            return items.count - 1
        }
        return (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    func take(_ output: Span<UInt8>) {
        var copy: [UInt8] = []
        copy.append(contentsOf: output)
        order.withLock { $0 += copy }
    }

    var inOrder: [Item] {
        let order = order.withLock { $0 }
        return items.withLock { items in
            stride(from: 0, to: order.count, by: 8).map { at in
                items[(0..<8).reduce(0) { $0 | Int(order[at + $1]) << (8 * $1) }]
            }
        }
    }
}

private final class CollectingRenderer: MessageRenderer {
    private let collection: Collection

    init(_ collection: Collection) { self.collection = collection }

    func append(_ message: borrowing Message, of base: borrowing BaseInfo, to output: inout OctetBuffer) {
        let number = collection.add(.message(ShownMessage(message: copy message, base: copy base)))
        output.append(contentsOf: number.span)
    }

    func append(_ transaction: borrowing Transaction, of base: borrowing BaseInfo, to output: inout OctetBuffer) {
        let number = collection.add(.transaction(copy transaction))
        output.append(contentsOf: number.span)
    }

    func append(text: Span<UInt8>, of base: borrowing BaseInfo, to output: inout OctetBuffer) {}
}
