import Flows
import Headers
import Octets
import Sockets

/// A line of a view: what it is about, and what was counted.
public struct TopRow: Sendable {
    public enum Subject: Hashable, Sendable {
        case flow(FlowKey, OwnerAnswer)
        case talker(IPAddress)
        /// `nil`: traffic whose process is not known.
        case process(SocketOwner?, group: String?)
        case service(protocol: UInt8, port: UInt16)
    }

    public var subject: Subject
    public var counts: TopCounts

    /// A cell's text.
    /// - Parameter interval: nanoseconds over which rates are.
    public func text(_ content: TopColumn.Content, interval: Int64) -> String {
        func rate(_ bytes: UInt64) -> String {
            HumanUnits.scaled(Double(bytes) * 8e9 / Double(interval), "bit")
        }
        return switch content {
        case .rate: rate(counts.bytes)
        case .out: rate(counts.bytesOut)
        case .in: rate(counts.bytesIn)
        case .packets: HumanUnits.scaled(Double(counts.packets) * 1e9 / Double(interval), "")
        case .total: HumanUnits.bytes(counts.totalBytes)
        case .flows: HumanUnits.scaled(Double(counts.flows), "")
        case .protocol: subject.protocol.map(ServiceNames.name(protocol:)) ?? ""
        case .source: subject.source
        case .destination: subject.destination
        case .process: subject.process
        case .user: subject.owner.map { "\($0.uid)" } ?? ""
        case .group: subject.group ?? ""
        case .port: subject.port
        }
    }

    /// What it is found by: all that says what it is about.
    var searchText: String {
        [
            subject.source, subject.destination, subject.process, subject.port, subject.group ?? "",
            subject.protocol.map(ServiceNames.name(protocol:)) ?? "",
        ].joined(separator: " ").lowercased()
    }
}

extension TopRow.Subject {
    var `protocol`: UInt8? {
        switch self {
        case .flow(let key, _): key.protocol
        case .service(let number, _): number
        default: nil
        }
    }

    var owner: SocketOwner? {
        switch self {
        case .flow(_, let answer): answer.owner
        case .process(let owner, _): owner
        default: nil
        }
    }

    var group: String? { if case .process(_, let group) = self { group } else { nil } }

    var source: String {
        switch self {
        case .flow(let key, _): TableFormat.endpoint(key.source, .whole, port: key.sourcePort)
        case .talker(let address): address.family == .none ? "-" : address.description
        default: ""
        }
    }

    var destination: String {
        guard case .flow(let key, _) = self else { return "" }
        return TableFormat.endpoint(key.destination, .whole, port: key.destinationPort)
    }

    /// `4711 nginx`; who is not known is said not to be.
    var process: String {
        switch self {
        case .flow(_, .known(let owner)), .process(.some(let owner), _): owner.text
        case .flow(_, .ambiguous): "several"
        case .flow(_, .unknown), .process(nil, _): "unknown"
        default: ""
        }
    }

    var port: String {
        guard case .service(let number, let port) = self, port != 0 else { return "" }
        return "\(port)" + (ServiceNames.name(port, protocol: number).map { " \($0)" } ?? "")
    }
}

extension SocketOwner {
    /// The process's name, in which anything may stand, so that it cannot drive a terminal.
    public var name: String {
        var buffer = OctetBuffer()
        buffer.append(terminal: comm)
        return buffer.description
    }

    var text: String { "\(pid) \(name)" }
}

extension TopTraffic {
    /// The rows of a view, the first ones of their order.
    ///
    /// - Parameters:
    ///   - isReversed: the other way round.
    ///   - filter: only those that have this text, whatever its case; empty: all.
    public func rows(
        _ view: TopView, by order: TopOrder = .rate, isReversed: Bool = false, filter: String = "",
        limit: Int = .max
    ) -> [TopRow] {
        var rows: [TopRow] =
            switch view {
            case .flows:
                flows.entries.map { TopRow(subject: .flow($0.key, owners[$0.key] ?? .unknown), counts: $0.value) }
            case .talkers: talkers.entries.map { TopRow(subject: .talker($0.key), counts: $0.value) }
            case .processes: processes.entries.map { TopRow(subject: subject($0.key), counts: $0.value) }
            case .protocols:
                services.entries.map {
                    TopRow(subject: .service(protocol: $0.key.protocol, port: $0.key.port), counts: $0.value)
                }
            }
        if !filter.isEmpty {
            let wanted = filter.lowercased()
            rows.removeAll { !$0.searchText.contains(wanted) }
        }
        // What is equal keeps its place from one frame to the next.
        rows.sort { a, b in
            let (x, y) = (a.rank(order), b.rank(order))
            if x != y { return (x > y) != isReversed }
            if order != .name, a.counts.totalBytes != b.counts.totalBytes {
                return (a.counts.totalBytes > b.counts.totalBytes) != isReversed
            }
            return a.subject.precedes(b.subject) != (order == .name && isReversed)
        }
        return Array(rows.prefix(limit))
    }

    private func subject(_ key: ProcessKey?) -> TopRow.Subject {
        let owner = key.flatMap { described[$0] }
        return .process(owner, group: owner.flatMap { groups[$0.cgroup] })
    }
}

extension TopRow {
    /// By what rows are ordered, the largest first.
    fileprivate func rank(_ order: TopOrder) -> UInt64 {
        switch order {
        case .rate: counts.bytes
        case .out: counts.bytesOut
        case .in: counts.bytesIn
        case .packets: counts.packets
        case .total: counts.totalBytes
        case .flows: counts.flows
        case .name: 0
        }
    }
}

extension TopRow.Subject {
    /// Within one view.
    fileprivate func precedes(_ other: Self) -> Bool {
        switch (self, other) {
        case (.flow(let a, _), .flow(let b, _)): a < b
        case (.talker(let a), .talker(let b)): a < b
        case (.service(let a, let x), .service(let b, let y)): (a, x) < (b, y)
        case (.process(let a, _), .process(let b, _)):
            (a?.name ?? "", a?.pid ?? 0, a?.started ?? 0) < (b?.name ?? "", b?.pid ?? 0, b?.started ?? 0)
        default: false
        }
    }
}
