import Flows
import Headers
import Octets
import Sockets

/// What `top` prints where it draws no screen: a table or lines of JSON for each interval.
public struct TopPrinter: Sendable {
    public var view: TopView
    public var order: TopOrder
    public var filter: String
    /// Rows of each interval.
    public var limit: Int
    public var title: String
    /// Columns of the table.
    public var width: Int
    /// Why no process is known.
    public var processNote: String?

    public init(
        view: TopView = .flows, order: TopOrder = .rate, filter: String = "", limit: Int = 10, title: String,
        width: Int = 132
    ) {
        self.view = view
        self.order = order
        self.filter = filter
        self.limit = limit
        self.title = title
        self.width = width
    }

    private func rows(_ traffic: TopTraffic) -> [TopRow] {
        traffic.rows(view, by: order, filter: filter, limit: limit)
    }

    /// A line of sums, the heading, and the rows.
    public func table(_ traffic: TopTraffic) -> String {
        let layout = TopLayout(view, width: width)
        var text = TopScreen.summary(traffic, title) + "\n"
        if let processNote { text += "processes are not known: \(processNote)\n" }
        text += layout.line(\.title) + "\n"
        for row in rows(traffic) { text += layout.line { row.text($0.content, interval: traffic.interval) } + "\n" }
        return text
    }

    /// An object per row.
    public func lines(_ traffic: TopTraffic) -> String {
        var text = ""
        for (index, row) in rows(traffic).enumerated() {
            var json = JSONText()
            json.object { json in
                json.member("time", CivilTime(nanoseconds: traffic.time).text)
                json.member("interval_seconds", Double(traffic.interval) / 1e9)
                json.member("view", view.rawValue)
                json.member("rank", index + 1)
                add(row, to: &json)
                json.member("bits_per_second", Double(row.counts.bytes) * 8e9 / Double(traffic.interval))
                json.member("packets_per_second", Double(row.counts.packets) * 1e9 / Double(traffic.interval))
                json.member("bytes_out", row.counts.bytesOut)
                json.member("bytes_in", row.counts.bytesIn)
                json.member("packets_out", row.counts.packetsOut)
                json.member("packets_in", row.counts.packetsIn)
                if view != .flows { json.member("flows", row.counts.flows) }
                json.member("total_bytes", row.counts.totalBytes)
                json.member("total_packets", row.counts.totalPackets)
            }
            text += json.text + "\n"
        }
        return text
    }

    private func add(_ row: TopRow, to json: inout JSONText) {
        switch row.subject {
        case .flow(let key, let answer):
            json.member("source", key.source.description)
            json.member("source_port", key.sourcePort)
            json.member("destination", key.destination.description)
            json.member("destination_port", key.destinationPort)
            json.member("protocol", key.protocol)
            add(answer.owner, answer == .ambiguous ? "several" : "unknown", group: nil, to: &json)
        case .talker(let address): json.member("address", address.description)
        case .process(let owner, let group):
            add(owner, "unknown", group: group, to: &json)
        case .service(let number, let port):
            json.member("protocol", number)
            json.member("port", port)
        }
    }

    private func add(_ owner: SocketOwner?, _ unknown: String, group: String?, to json: inout JSONText) {
        json.name("process")
        guard let owner else {
            json.null()
            return json.member("process_unknown", unknown)
        }
        json.object { json in
            json.member("pid", owner.pid)
            json.member("comm", owner.name)
            json.member("uid", owner.uid)
            if let group { json.member("cgroup", group) }
        }
    }
}
