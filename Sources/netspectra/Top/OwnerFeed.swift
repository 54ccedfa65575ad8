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

    /// For rows that are printed: the last ones may be of packets just now.
    var rowOwners: RowOwners {
        let owners = owners
        return RowOwners(
            ask: { rows in
                if rows.contains(where: { Clock.wallNanoseconds - $0.lastSeen < Self.delayNanoseconds }) {
                    _ = Monitor(()).wait(nanoseconds: Self.delayNanoseconds) { _ in Bool?.none }
                }
                return owners.withLock { known in rows.map { known.owners(of: $0.key, at: $0.lastSeen) } }
            }, path: { group in owners.withLock { $0.path(ofGroup: group) } })
    }

    /// Asks several things at once.
    func ask<Result>(_ body: (SocketOwners) -> Result) -> Result { owners.withLock { body($0) } }
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
