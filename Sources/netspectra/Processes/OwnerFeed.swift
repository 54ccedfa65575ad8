import Events
import Flows
import Headers
import KernelIO
import Outputs
import Probes
import Sockets

/// Whose sockets are whose, kept up to date by a thread of its own that reads the kernel's records.
final class OwnerFeed: Sendable {
    private let owners: Monitor<SocketOwners>
    private let thread = Monitor<WorkerThread?>(nil)
    private let stopped = WakeUp()
    private let reader: Monitor<RecordReader>
    private let watch: Monitor<SocketWatch?>

    /// The machine's addresses are asked for so often.
    private static let addressNanoseconds: Int64 = 2_000_000_000
    /// What a packet's process does is told within that time of it, mostly.
    static let delayNanoseconds: Int64 = 50_000_000

    /// - Parameters:
    ///   - buffers: of a `SocketWatch`, which somebody else has.
    ///   - endsAreTold: as it says.
    init(_ buffers: RecordBuffers, endsAreTold: Bool) throws(ProbeFailure) {
        reader = Monitor(try RecordReader(buffers))
        watch = Monitor(nil)
        owners = Monitor(SocketOwners(network: NetworkNamespace.current, endsAreTold: endsAreTold))
    }

    /// With a watch of its own. The first look is done when this returns.
    init() throws(ProbeFailure) {
        let watch = try SocketWatch()
        reader = Monitor(try RecordReader(watch.buffers))
        owners = Monitor(SocketOwners(network: NetworkNamespace.current, endsAreTold: watch.endsAreTold))
        try watch.look()
        self.watch = Monitor(watch)
    }

    /// Begins to read. Where the system has no thread for that, nothing is known.
    func begin() {
        let clock = ClockOffset(
            unix: Clock.wallNanoseconds, monotonic: UInt64(truncatingIfNeeded: Clock.monotonicNanoseconds))
        let (owners, reader, watch, stopped) = (owners, reader, watch, stopped)
        let made = try? WorkerThread(name: "sockets") {
            var nextAddresses = Int64.min
            while true {
                if Clock.monotonicNanoseconds >= nextAddresses {
                    nextAddresses = Clock.monotonicNanoseconds + Self.addressNanoseconds
                    let addresses = MachineAddresses.all().compactMap { IPAddress(octets: $0) }
                    owners.withLock { $0.setLocalAddresses(addresses) }
                }
                watch.withLock { try? $0?.lookIfDue() }
                let isStopped = reader.withLock { reader in
                    reader.read(orUntil: stopped.descriptor) { record in
                        owners.withLock { $0.take(record, clock: clock) }
                    }
                }
                if isStopped { return }
            }
        }
        thread.withLock { $0 = made }
    }

    func end() {
        stopped.raise()
        thread.withLock { $0 }?.join()
    }

    /// A snapshot whose rows say whose they are, where they are flows: asked once, so that all who write them say the
    /// same. The last ones may be of packets just now.
    func attributed(_ snapshot: Snapshot) -> Snapshot {
        let latest = snapshot.results.lazy.filter { $0.task.tellsWholeFlows && $0.totalPackets > 0 }
        if !latest.isEmpty { Self.wait() }
        var snapshot = snapshot
        for index in snapshot.results.indices where snapshot.results[index].task.tellsWholeFlows {
            snapshot.results[index].rows = attributed(snapshot.results[index].rows)
        }
        return snapshot
    }

    private func attributed(_ rows: any FlowRows) -> OwnedRows {
        var processes = ProcessNumbers()
        var pairs: [ProcessPair] = []
        pairs.reserveCapacity(rows.count)
        var run: [FlowRecord] = []
        for start in stride(from: 0, to: rows.count, by: Self.runRows) {
            rows.read(start..<min(start + Self.runRows, rows.count), into: &run)
            for ends in ends(of: run.map { ($0.key, $0.lastSeen) }) { pairs.append(processes.pair(ends.row)) }
        }
        return OwnedRows(rows, pairs, processes)
    }

    /// Flows asked for at a time: what the kernel tells waits meanwhile.
    private static let runRows = 4096

    /// Whose the ends of flow records are, each at the time of its last packet.
    func ends(of flows: [MeteredFlow]) -> [FlowEnds] {
        if flows.contains(where: { Clock.wallNanoseconds - $0.lastSeen < Self.delayNanoseconds }) { Self.wait() }
        return ends(of: flows.map { ($0.key, $0.lastSeen) })
    }

    private static func wait() { _ = Monitor(()).wait(nanoseconds: delayNanoseconds) { _ in Bool?.none } }

    private func ends(of flows: [(key: FlowKey, time: Int64)]) -> [FlowEnds] {
        owners.withLock { known in
            flows.map { flow in
                let owners = known.owners(of: flow.key, at: flow.time)
                func answer(_ owner: OwnerAnswer) -> ProcessAnswer {
                    switch owner {
                    case .unknown: .unknown
                    case .ambiguous: .several
                    case .known(let owner): .known(FlowProcess(owner, cgroup: known.path(ofGroup: owner.cgroup) ?? ""))
                    }
                }
                return FlowEnds(source: answer(owners.source), destination: answer(owners.destination))
            }
        }
    }

    /// Asks several things at once.
    func ask<Result>(_ body: (SocketOwners) -> Result) -> Result { owners.withLock { body($0) } }
}

extension FlowProcess {
    fileprivate init(_ owner: SocketOwner, cgroup: String) {
        self.init(pid: owner.pid, uid: owner.uid, comm: owner.name, cgroup: cgroup)
    }
}

extension IPAddress {
    /// Four octets, or sixteen.
    fileprivate init?(octets: [UInt8]) {
        let span = octets.span
        switch octets.count {
        case 4: self.init(v4: span.bigEndian32(at: 0))
        case 16: self.init(v6: span.bigEndian64(at: 0), span.bigEndian64(at: 8))
        default: return nil
        }
    }
}
