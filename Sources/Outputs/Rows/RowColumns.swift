import Flows

/// Which columns a table of rows has: what any of the tasks in it asks for.
public struct RowColumns: Equatable, Sendable {
    /// A row names the snapshot it belongs to; of use where a run writes several.
    public var snapshot: Bool
    public var source: Bool, destination: Bool
    public var sourcePort: Bool, destinationPort: Bool
    public var `protocol`: Bool, vlan: Bool
    /// Counters of the reverse direction.
    public var reverse: Bool
    /// How far packets and octets may be off, how sure that is, and whether they are exact.
    public var bounds: Bool
    /// Different elements, and how far their number may be off.
    public var spread: Bool
    /// The process whose flow it is.
    public var processes = false

    public init(_ tasks: some Sequence<FlowTask>, sketches: [SketchTask] = [], snapshot: Bool = false) {
        self.init(snapshot: snapshot)
        add(tasks)
        add(sketches.map(\.flowTask))
        bounds = bounds || !sketches.isEmpty
        spread = sketches.contains { task in
            switch task.kind {
            case .superSpread, .distinct: true
            case .heavyHitters, .top: false
            }
        }
    }

    private mutating func add(_ tasks: some Sequence<FlowTask>) {
        for task in tasks {
            source = source || task.fields.source != nil
            destination = destination || task.fields.destination != nil
            sourcePort = sourcePort || task.fields.sourcePort
            destinationPort = destinationPort || task.fields.destinationPort
            `protocol` = `protocol` || task.fields.protocol
            vlan = vlan || task.fields.vlan
            reverse = reverse || task.bidirectional
            bounds = bounds || task.memoryLimit != nil
        }
    }

    private init(snapshot: Bool) {
        self.snapshot = snapshot
        source = false
        destination = false
        sourcePort = false
        destinationPort = false
        `protocol` = false
        vlan = false
        reverse = false
        bounds = false
        spread = false
    }

    /// The names in their order, as CSV's header and JSON's members have them.
    public var names: [String] {
        let columns: [(Bool, String)] = [
            (snapshot, "snapshot"), (true, "task"), (source, "src_ip"), (destination, "dst_ip"),
            (sourcePort, "src_port"), (destinationPort, "dst_port"), (`protocol`, "protocol"), (vlan, "vlan"),
            (true, "packets"), (true, "bytes"), (reverse, "reverse_packets"), (reverse, "reverse_bytes"),
            (true, "first_seen"), (true, "last_seen"), (true, "tcp_flags"), (reverse, "reverse_tcp_flags"),
            (true, "other"), (true, "evicted_flows"), (bounds, "packets_bound"), (bounds, "bytes_bound"),
            (bounds, "confidence"), (bounds, "exact"), (spread, "spread"), (spread, "spread_bound"),
        ]
        return columns.filter(\.0).map(\.1) + (processes ? ProcessText.columns : [])
    }
}
