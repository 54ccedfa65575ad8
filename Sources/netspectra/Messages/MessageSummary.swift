import AppProtocols
import Octets
import Outputs
import Pipeline

/// What a run that prints messages has seen, and what became of it: for people, and as the last JSON object.
struct MessageSummary {
    private let counts: MessageCounts
    private let packets: (read: UInt64, followed: UInt64)?
    let ledger: LedgerReport

    /// - Parameters:
    ///   - stages: those of the source, before the events.
    ///   - packets: of captures, how many were read, and how many of these carry TCP that was asked for.
    init(_ counts: MessageCounts, stages: [LedgerReport.Stage], packets: (read: UInt64, followed: UInt64)? = nil) {
        self.counts = counts
        self.packets = packets
        func stage(
            _ unit: String, _ seen: UInt64, _ delivered: UInt64, full: UInt64, late: UInt64,
            noted: [LedgerReport.Cause] = []
        ) -> LedgerReport.Stage {
            var lost: [LedgerReport.Cause] = []
            if full > 0 { lost.append(.init("queue full", full)) }
            if late > 0 { lost.append(.init("output gone", late)) }
            return .init(
                name: "events", unit: unit, seen: seen, delivered: delivered, filtered: [], lost: lost, noted: noted)
        }
        // Delivered, and shown before their messages were whole.
        let early: [LedgerReport.Cause] = [
            .init("shown early, --max-buffered", counts.flushedOctets),
            .init("connection ended, --max-buffered", counts.overflowOctets),
        ]
        func filtered(_ name: String, _ delivered: UInt64, _ filtered: UInt64) -> LedgerReport.Stage {
            .init(
                name: name, unit: name, seen: delivered + filtered, delivered: delivered,
                filtered: filtered > 0 ? [.init("not asked for", filtered)] : [], lost: [])
        }
        // Where nothing is filtered these say nothing that the counts do not say.
        let isFiltered = counts.filteredMessages > 0 || counts.filteredTransactions > 0
        let messages =
            isFiltered
            ? [
                filtered("messages", counts.messageCount + counts.texts, counts.filteredMessages),
                filtered("transactions", counts.transactions, counts.filteredTransactions),
            ] : []
        let records = LedgerReport.Stage(
            name: "output", unit: "records", seen: counts.records,
            delivered: counts.records - min(counts.unwrittenRecords, counts.records), filtered: [],
            lost: counts.unwrittenRecords > 0 ? [.init("not written", counts.unwrittenRecords)] : [])
        ledger = LedgerReport(
            stages: stages + [
                stage(
                    "events", counts.events, counts.deliveredEvents, full: counts.queueFullEvents,
                    late: counts.afterCloseEvents),
                stage(
                    "octets", counts.octets, counts.deliveredOctets, full: counts.queueFullOctets,
                    late: counts.afterCloseOctets, noted: early.filter { $0.count > 0 }),
            ] + messages + [records])
    }

    /// Nothing was read.
    var isEmpty: Bool { counts.events == 0 && (packets?.read ?? 0) == 0 && counts.missingOctets == 0 }

    /// One line, with what is missing or odd at its end.
    var text: String {
        // Who reads a capture thinks of packets; the events that become of them are in the ledger.
        var parts = [packets.map { Self.count($0.read, "packet") } ?? Self.count(counts.events, "event")]
        if let packets, packets.read > 0, packets.followed == 0 { parts.append("none with TCP to follow") }
        parts += [
            Self.count(counts.connections, "connection"),
            Self.count(counts.messageCount - counts.count(.gap) - counts.count(.http2Frame), "message"),
        ]
        if counts.filteredMessages > 0 { parts.append("\(HumanUnits.grouped(counts.filteredMessages)) filtered") }
        if counts.transactions > 0 { parts.append(Self.count(counts.transactions, "transaction")) }
        if counts.lateEvents > 0 { parts.append("\(Self.count(counts.lateEvents, "event")) out of order") }
        if counts.incompleteMessages > 0 { parts.append("\(HumanUnits.grouped(counts.incompleteMessages)) incomplete") }
        if counts.missingOctets > 0 { parts.append("\(HumanUnits.bytes(counts.missingOctets)) missing in gaps") }
        if counts.malformations > 0 { parts.append(Self.count(counts.malformations, "malformation")) }
        if counts.evictedConnections > 0 {
            parts.append("\(Self.count(counts.evictedConnections, "connection")) ended for room")
        }
        if counts.flushedOctets + counts.overflowOctets > 0 {
            let octets = HumanUnits.bytes(counts.flushedOctets + counts.overflowOctets)
            parts.append("\(octets) shown early for memory")
        }
        for stage in ledger.stages {
            for cause in stage.lost {
                let unit = stage.unit.hasSuffix("s") ? String(stage.unit.dropLast()) : stage.unit
                parts.append("\(Self.count(cause.count, unit)) lost (\(cause.name))")
            }
        }
        return parts.joined(separator: ", ")
    }

    /// The object `type: summary` that ends JSON Lines.
    var json: [UInt8] {
        var json = JSONText()
        json.object { json in
            json.member("type", "summary")
            json.member("events", counts.events)
            json.member("octets", counts.octets)
            if counts.lateEvents > 0 { json.member("events_late", counts.lateEvents) }
            json.member("connections", counts.connections)
            json.member("connections_evicted", counts.evictedConnections)
            json.member("connections_flushed", counts.flushedConnections)
            json.member("connections_overflowed", counts.overflowConnections)
            json.name("messages")
            json.object { json in
                for kind in MessageKind.allCases where counts.count(kind) > 0 {
                    json.member(kind.recordType, counts.count(kind))
                }
            }
            json.member("messages_incomplete", counts.incompleteMessages)
            json.member("transactions", counts.transactions)
            if counts.filteredMessages > 0 || counts.filteredTransactions > 0 {
                json.member("messages_filtered", counts.filteredMessages)
                json.member("transactions_filtered", counts.filteredTransactions)
            }
            json.member("octets_missing", counts.missingOctets)
            json.name("malformed_octets")
            json.object { json in
                for cause in Malformation.allCases where counts.malformedOctets[Int(cause.rawValue)] > 0 {
                    json.member("\(cause)", counts.malformedOctets[Int(cause.rawValue)])
                }
            }
            json.name("ledger")
            ledger.append(to: &json)
        }
        return Array("\(json.text)\n".utf8)
    }

    private static func count(_ number: UInt64, _ noun: String) -> String {
        "\(HumanUnits.grouped(number)) \(noun)\(number == 1 ? "" : "s")"
    }
}
