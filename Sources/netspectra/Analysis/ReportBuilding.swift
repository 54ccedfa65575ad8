import CaptureFiles
import Flows
import Headers
import Outputs
import Pipeline

/// What a run gives its report: everything that is known once the last packet is counted.
struct RunOutcome {
    var captures: [CaptureReport]
    var counts: TrafficCounts
    /// Per task: packets in rows and in `other`, over all snapshots.
    var counted: [(task: String, packets: UInt64)]
}

extension AnalysisReport {
    init(_ outcome: RunOutcome) {
        self.init(
            capture: CaptureSummary(outcome.captures, outcome.counts),
            hierarchy: ProtocolNode.tree(outcome.counts.paths), ledger: LedgerReport(outcome),
            problems: outcome.captures.flatMap(\.problems))
    }
}

extension CaptureSummary {
    init(_ captures: [CaptureReport], _ counts: TrafficCounts) {
        self.init(
            files: captures.map(CaptureFileSummary.init), firstTime: counts.firstTime, lastTime: counts.lastTime,
            packets: counts.seen.packets, bytes: counts.seen.bytes, capturedBytes: counts.capturedBytes)
    }
}

extension CaptureFileSummary {
    init(_ capture: CaptureReport) {
        var linkTypes: [String] = []
        for interface in capture.interfaces {
            let name = interface.linkType.map { LinkType(rawValue: $0).displayName } ?? "no link type"
            if !linkTypes.contains(name) { linkTypes.append(name) }
        }
        self.init(
            name: capture.path, format: capture.formatName, linkTypes: linkTypes,
            bytes: capture.size.map { UInt64($0) },
            packets: capture.statistics.frames)
    }
}

extension CaptureFileSummary {
    /// The format of a file that is no capture, or that could not be opened.
    static let notRead = "not read"
}

extension CaptureReport {
    fileprivate var formatName: String {
        let name =
            switch format {
            case .pcap(let header):
                header.fraction == .nanoseconds ? "pcap (ns)" : header.variant == .modified ? "modified pcap" : "pcap"
            case .pcapng: "pcapng"
            case nil: CaptureFileSummary.notRead
            }
        return compression.map { "\(name), \($0)" } ?? name
    }

    /// What is wrong with the file: one sentence each, with the place.
    var problems: [String] {
        var problems: [String] = []
        switch end {
        case .clean, .stopped: break
        case .cutShort(let cut): problems.append("\(path): \(cut)")
        case .broken(let failure): problems.append("\(path): \(failure)")
        case .unreadable(let failure): problems.append("\(failure)")
        }
        for cause in BadRecord.allCases where statistics[cause] > 0 {
            let count = statistics[cause]
            problems.append("\(path): \(count) bad record\(count == 1 ? "" : "s"): \(cause)")
        }
        if hasTrailingGarbage { problems.append("\(path): what follows the compressed data is no such data; ignored") }
        return problems
    }
}

extension ProtocolNode {
    /// Counts by path as a tree; in each level the protocols with most octets come first.
    static func tree(_ paths: [LayerPath: PacketCount]) -> [ProtocolNode] {
        var roots: [ProtocolNode] = []
        // The order of a dictionary changes from run to run; the tree must not.
        for (path, count) in paths.sorted(by: { $0.key.packed < $1.key.packed }) {
            insert(path.layers[...], count, into: &roots)
        }
        sort(&roots)
        return roots
    }

    private static func insert(
        _ layers: ArraySlice<ProtocolLayer>, _ count: PacketCount, into nodes: inout [ProtocolNode]
    ) {
        guard let first = layers.first else { return }
        let name = first.displayName
        if !nodes.contains(where: { $0.name == name }) { nodes.append(ProtocolNode(name: name, packets: 0, bytes: 0)) }
        for index in nodes.indices where nodes[index].name == name {
            nodes[index].packets += count.packets
            nodes[index].bytes += count.bytes
            insert(layers.dropFirst(), count, into: &nodes[index].children)
        }
    }

    private static func sort(_ nodes: inout [ProtocolNode]) {
        nodes.sort { $0.bytes != $1.bytes ? $0.bytes > $1.bytes : $0.name < $1.name }
        for index in nodes.indices { sort(&nodes[index].children) }
    }
}

extension LedgerReport {
    /// Records of the files, packets of the records, packets of the tasks: each stage sees what the one before
    /// delivered.
    init(_ outcome: RunOutcome) {
        let counts = outcome.counts
        let records = Stage.records(outcome.captures)
        let frames = records.delivered

        var filtered: [Cause] = []
        var lost: [Cause] = []
        if counts.filtered.packets > 0 { filtered.append(Cause("--where", counts.filtered.packets)) }
        for result in Dissection.Outcome.allCases {
            guard let count = counts.undelivered[result]?.packets else { continue }
            if result == .notIP {
                filtered.append(Cause(result.causeName, count))
            } else {
                lost.append(Cause(result.causeName, count))
            }
        }
        // Frames handed out after an interrupt are in flight: read, but not looked at.
        let packets = Stage(
            name: "packets", unit: "packets", seen: frames, delivered: counts.delivered.packets, filtered: filtered,
            lost: lost, inFlight: frames - counts.seen.packets)
        let tasks = outcome.counted.map {
            Stage(
                name: $0.task, unit: "packets", seen: counts.delivered.packets, delivered: $0.packets, filtered: [],
                lost: [])
        }
        self.init(stages: [records, packets] + tasks)
    }
}

extension LedgerReport.Stage {
    /// What became of the records of the files: each good one holds a frame.
    static func records(_ captures: [CaptureReport]) -> Self {
        let frames = captures.reduce(0) { $0 + $1.statistics.frames }
        var bad: [LedgerReport.Cause] = []
        for cause in BadRecord.allCases where cause.losesRecord {
            let count = captures.reduce(0) { $0 + $1.statistics[cause] }
            if count > 0 { bad.append(.init("\(cause)", count)) }
        }
        let cut = UInt64(captures.count { if case .cutShort = $0.end { true } else { false } })
        if cut > 0 { bad.append(.init("cut short by the end of the file", cut)) }
        return Self(
            name: "records", unit: "records", seen: frames + bad.reduce(0) { $0 + $1.count }, delivered: frames,
            filtered: [], lost: bad)
    }
}

extension BadRecord {
    /// Whether the record itself was skipped, not just a part of it.
    fileprivate var losesRecord: Bool { self != .badOption && self != .tooManyInterfaces }
}
