import CProbeRecords
import KernelIO
import Octets

/// Watches which process has which socket of TCP and UDP. What it sees comes as records (`SocketEvent`), which a
/// `RecordReader` reads, here or in a process without privileges. Used by one thread.
public final class SocketWatch {
    /// The programs write into it.
    public let buffers: RecordBuffers
    /// Uses of sockets are told as they happen (Linux 6.3). Otherwise looks find what there is, connections that begin
    /// and sockets that listen are told.
    public let usesAreTold: Bool
    /// The end of each socket is told. Otherwise it is for TCP alone, and looks do not find the others any more.
    public private(set) var endsAreTold = false

    private let object: BPFObject
    private let files: BPFLink
    private var links: BPFLinks = []
    private var nextLook: Int64 = 0

    /// Looks follow one another no faster, and take no more than a fiftieth of the time.
    private static let lookNanoseconds: Int64 = 1_000_000_000
    private static let lookShare: Int64 = 50
    /// What is there only where tracepoints are.
    private static let uses = ["socket_sends", "socket_receives"]

    /// Loads and attaches the programs. `look` is to be called next, and then now and then.
    /// - Parameters:
    ///   - ringBytes: room for records on their way: a power of two, at least a page.
    ///   - prefersUses: for tests of kernels that do not tell of uses.
    ///   - prefersEnds: likewise of ends.
    public init(
        ringBytes: UInt32 = 4 << 20, prefersUses: Bool = true, prefersEnds: Bool = true
    ) throws(ProbeFailure) {
        guard FileTree.exists(ProbeSession.KernelPath.types) else {
            throw ProbeFailure(
                .unavailable, "this kernel does not describe its types: there is no \(ProbeSession.KernelPath.types)")
        }
        let group = prefersEnds && Capability.effective.contains(.netAdmin) ? ControlGroup.root : nil
        do throws(BPFFailure) {
            (object, usesAreTold) = try Self.load(ringBytes, withUses: prefersUses, withEnds: group != nil)
            files = try object.attach("look_at_file")
            buffers = .ring(try object.descriptor(ofMap: "events"))
            for program in ["state_changes", "socket_destroyed"] + (usesAreTold ? Self.uses : []) {
                links.append([try object.attach(program)])
            }
        } catch {
            throw Self.explained(error)
        }
        // A control group of somebody else's making may refuse.
        if let group, let link = try? object.attach("socket_released", toControlGroup: group) {
            links.append([link])
            endsAreTold = true
        }
    }

    private static func load(
        _ ringBytes: UInt32, withUses: Bool, withEnds: Bool
    ) throws(BPFFailure) -> (object: BPFObject, hasUses: Bool) {
        let object = try BPFObject(program, name: "ns_sockets")
        try object.setEntries(of: "events", to: ringBytes)
        for program in (withUses ? [] : uses) + (withEnds ? [] : ["socket_released"]) {
            try object.leaveOut(program: program)
        }
        do throws(BPFFailure) {
            try object.load()
            return (object, withUses)
        } catch {
            // This kernel may not have the tracepoints.
            guard withUses, !error.isPermission else { throw error }
            return try load(ringBytes, withUses: false, withEnds: withEnds)
        }
    }

    private static var program: [UInt8] {
        var octets: [UInt8] = []
        _ = Base64.decode(Array("\(SocketsObject.base64)".utf8).span, into: &octets)
        return octets
    }

    private static func explained(_ failure: BPFFailure) -> ProbeFailure {
        if failure.isPermission {
            return ProbeFailure(
                .permission, "which process has which socket needs root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN")
        }
        return ProbeFailure(.unavailable, "\(failure.message)\nLinux 5.12 or later with BPF and BTF is needed")
    }

    deinit {
        // Links before what they link.
        links = []
    }

    // MARK: - Looks

    /// Looks at all open files of all processes.
    public func look() throws(ProbeFailure) {
        let start = Clock.monotonicNanoseconds
        do throws(BPFFailure) {
            try files.iterate()
        } catch {
            throw Self.explained(error)
        }
        let end = Clock.monotonicNanoseconds
        nextLook = end + max(Self.lookNanoseconds, (end - start) * Self.lookShare)
    }

    /// As `look`, where it is time to. To be called every second or so.
    public func lookIfDue() throws(ProbeFailure) {
        if Clock.monotonicNanoseconds >= nextLook { try look() }
    }

    /// Owner records that were put into the ring, and that found no room there.
    public var counts: (written: UInt64, lost: UInt64) {
        let sums = (try? object.sums(of: "counters", count: Int(NS_OWNER_COUNTERS.rawValue))) ?? [0, 0]
        return (sums[0], sums[1])
    }
}
