import AppProtocols

/// What became of events and of what they carry: the numbers of the ledger's message stages.
public struct MessageCounts: Sendable, Equatable {
    /// Events with octets of a connection that were offered to the processor, and their octets.
    public var events: UInt64 = 0
    public var octets: UInt64 = 0
    /// Of the events and signals: those that came too late to be put in order of time.
    public var lateEvents: UInt64 = 0
    /// Events that say something about a connection: gaps, closes, ends.
    public var signals: UInt64 = 0
    /// Of the events: those that reached their worker.
    public var deliveredEvents: UInt64 = 0
    public var deliveredOctets: UInt64 = 0
    /// Of the events: dropped as the queue was full.
    public var queueFullEvents: UInt64 = 0
    public var queueFullOctets: UInt64 = 0
    /// Of the events: offered after the processor was closed.
    public var afterCloseEvents: UInt64 = 0
    public var afterCloseOctets: UInt64 = 0
    /// Octets that were lost before the processor, as events told it.
    public var missingOctets: UInt64 = 0

    /// Messages by kind, as `MessageKind.allCases` has them; those shown incomplete.
    public var messages: [UInt64] = Array(repeating: 0, count: 32)
    public var incompleteMessages: UInt64 = 0
    public var transactions: UInt64 = 0
    /// Records that came as text.
    public var texts: UInt64 = 0
    /// Not shown, as the filter does not want them.
    public var filteredMessages: UInt64 = 0
    public var filteredTransactions: UInt64 = 0
    /// Octets that broke a rule, by `Malformation`.
    public var malformedOctets: [UInt64] = Array(repeating: 0, count: Malformation.allCases.count)
    public var malformations: UInt64 = 0

    /// Connections seen; those that ended to make room for newer ones.
    public var connections: UInt64 = 0
    public var evictedConnections: UInt64 = 0
    /// Times that a connection showed what it held before its end, for the memory of all; the octets.
    public var flushedConnections: UInt64 = 0
    public var flushedOctets: UInt64 = 0
    /// Connections that ended for the memory of all; octets that they held.
    public var overflowConnections: UInt64 = 0
    public var overflowOctets: UInt64 = 0
    /// The most octets that were held at once, added up over the shares of the keys: never less than that of all.
    public var heldOctetsPeak: UInt64 = 0

    /// Records made; those that could not be written.
    public var records: UInt64 = 0
    public var unwrittenRecords: UInt64 = 0

    public init() {}

    mutating func add(_ message: borrowing Message) {
        messages[Int(message.kind.rawValue)] += 1
        if !message.isComplete { incompleteMessages += 1 }
    }

    public mutating func add(_ other: Self) {
        events += other.events
        octets += other.octets
        signals += other.signals
        lateEvents += other.lateEvents
        deliveredEvents += other.deliveredEvents
        deliveredOctets += other.deliveredOctets
        queueFullEvents += other.queueFullEvents
        queueFullOctets += other.queueFullOctets
        afterCloseEvents += other.afterCloseEvents
        afterCloseOctets += other.afterCloseOctets
        missingOctets += other.missingOctets
        for index in messages.indices { messages[index] += other.messages[index] }
        incompleteMessages += other.incompleteMessages
        transactions += other.transactions
        texts += other.texts
        filteredMessages += other.filteredMessages
        filteredTransactions += other.filteredTransactions
        for index in malformedOctets.indices { malformedOctets[index] += other.malformedOctets[index] }
        malformations += other.malformations
        connections += other.connections
        evictedConnections += other.evictedConnections
        flushedConnections += other.flushedConnections
        flushedOctets += other.flushedOctets
        overflowConnections += other.overflowConnections
        overflowOctets += other.overflowOctets
        heldOctetsPeak += other.heldOctetsPeak
        records += other.records
        unwrittenRecords += other.unwrittenRecords
    }

    public func count(_ kind: MessageKind) -> UInt64 { messages[Int(kind.rawValue)] }

    public var messageCount: UInt64 { messages.reduce(0, +) }

    /// Nothing is in flight, and every event is accounted for.
    public var isBalanced: Bool {
        events == deliveredEvents + queueFullEvents + afterCloseEvents
            && octets == deliveredOctets + queueFullOctets + afterCloseOctets
    }
}
