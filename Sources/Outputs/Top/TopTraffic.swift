import Flows
import Headers
import Sockets

/// What `top` shows: the traffic of the last interval and in all, by flow, address, process and protocol. Fed with the
/// rows of one interval after the other. Bounded; sums are over everything.
public struct TopTraffic: Sendable {
    /// A process; `nil` for all traffic whose process is not known.
    struct ProcessKey: Hashable {
        var pid: UInt32
        var started: UInt64
    }

    /// A protocol, and the lower one of both ports: that of the service, mostly.
    struct ServiceKey: Hashable {
        var `protocol`: UInt8
        var port: UInt16
    }

    var flows = TopTable<FlowKey>(limit: Self.entriesMax)
    var talkers = TopTable<IPAddress>(limit: Self.entriesMax)
    var processes = TopTable<ProcessKey?>(limit: Self.entriesMax)
    var services = TopTable<ServiceKey>(limit: Self.entriesMax)
    /// Of flows, as last asked for, and of processes.
    private(set) var owners: [FlowKey: OwnerAnswer] = [:]
    private(set) var described: [ProcessKey: SocketOwner] = [:]
    private(set) var groups: [UInt64: String] = [:]

    /// Over all flows, those that have no row included.
    public private(set) var sums = TopCounts()
    /// The end of the last interval, nanoseconds since 1970 UTC, and how long it was.
    public private(set) var time: Int64 = 0
    public private(set) var interval: Int64 = 1_000_000_000

    /// Of each kind. Also how many rows of an interval are of use.
    public static let entriesMax = 20_000

    public init() {}

    /// Takes the flows of an interval: the largest, up to `entriesMax`, in rows of both directions.
    ///
    /// - Parameters:
    ///   - bytes: of all flows, and likewise `packets` and `flowCount`.
    ///   - time: when the interval ended.
    ///   - nanoseconds: how long it was.
    ///   - owners: whose a flow is; asked once for each row.
    ///   - path: of a control group.
    public mutating func add(
        _ rows: [FlowRecord], bytes: UInt64, packets: UInt64, flowCount: UInt64, time: Int64, nanoseconds: Int64,
        owners: (FlowRecord) -> FlowOwners, path: (UInt64) -> String?
    ) {
        self.time = time
        interval = max(nanoseconds, 1)
        let before = sums
        sums = TopCounts()
        sums.bytesOut = bytes
        sums.packetsOut = packets
        sums.flows = flowCount
        sums.totalBytes = before.totalBytes + bytes
        sums.totalPackets = before.totalPackets + packets
        flows.beginInterval()
        talkers.beginInterval()
        processes.beginInterval()
        services.beginInterval()
        for row in rows.prefix(Self.entriesMax) { add(row, owners(row), path) }
        // What tables have forgotten needs no description.
        if self.owners.count > 2 * Self.entriesMax {
            self.owners = self.owners.filter { flows.entries[$0.key] != nil }
            described = described.filter { processes.entries[$0.key] != nil }
        }
    }

    private mutating func add(_ row: FlowRecord, _ owners: FlowOwners, _ path: (UInt64) -> String?) {
        let key = row.key
        let (out, back) = ((row.bytes, row.packets), (row.reverseBytes, row.reversePackets))
        flows.add(
            key, bytesOut: out.0, bytesIn: back.0, packetsOut: out.1, packetsIn: back.1, at: row.lastSeen)
        talkers.add(
            key.source, bytesOut: out.0, bytesIn: back.0, packetsOut: out.1, packetsIn: back.1, at: row.lastSeen)
        if key.destination != key.source {
            talkers.add(
                key.destination, bytesOut: back.0, bytesIn: out.0, packetsOut: back.1, packetsIn: out.1,
                at: row.lastSeen)
        }
        let ports = [key.sourcePort, key.destinationPort].filter { $0 != 0 }
        services.add(
            ServiceKey(protocol: key.protocol, port: ports.min() ?? 0), bytesOut: out.0, bytesIn: back.0,
            packetsOut: out.1, packetsIn: back.1, at: row.lastSeen)
        // What is known stays: a flow's last packets may come when its socket is long gone.
        let local = owners.local
        if local.owner != nil || self.owners[key]?.owner == nil { self.owners[key] = local }
        let source = note(owners.source.owner, path), destination = note(owners.destination.owner, path)
        if source != nil || destination == nil {
            processes.add(
                source, bytesOut: out.0, bytesIn: back.0, packetsOut: out.1, packetsIn: back.1, at: row.lastSeen)
        }
        // A process that talks to itself counts once.
        if let destination, destination != source {
            processes.add(
                destination, bytesOut: back.0, bytesIn: out.0, packetsOut: back.1, packetsIn: out.1, at: row.lastSeen)
        }
    }

    private mutating func note(_ owner: SocketOwner?, _ path: (UInt64) -> String?) -> ProcessKey? {
        guard let owner else { return nil }
        let key = ProcessKey(pid: owner.pid, started: owner.started)
        described[key] = owner
        if groups[owner.cgroup] == nil, groups.count < Self.entriesMax { groups[owner.cgroup] = path(owner.cgroup) }
        return key
    }
}
