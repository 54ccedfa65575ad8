import CaptureFiles
import Flows
import Headers
import Octets
import Outputs
import Pipeline

/// What a run gives its report: everything that is known once the last packet is counted.
struct RunOutcome {
    var captures: [CaptureReport]
    var interfaces: [InterfaceReport]
    var counts: TrafficCounts
    var counted: [CountedTask]
}

/// What a task has counted, over all snapshots.
struct CountedTask {
    var name: String
    /// In rows and in `other`.
    var packets: UInt64
    /// In `other` alone: of flows that gave way to the memory limit.
    var evicted: UInt64
}

extension AnalysisReport {
    init(_ outcome: RunOutcome) {
        self.init(
            capture: CaptureSummary(
                outcome.captures.map(CaptureFileSummary.init) + outcome.interfaces.map(CaptureFileSummary.init),
                outcome.counts),
            hierarchy: ProtocolNode.tree(outcome.counts.paths), ledger: LedgerReport(outcome),
            problems: outcome.captures.flatMap(\.problems), notes: outcome.captures.compactMap(\.note))
    }
}

extension CaptureSummary {
    init(_ files: [CaptureFileSummary], _ counts: TrafficCounts) {
        self.init(
            files: files, firstTime: counts.firstTime, lastTime: counts.lastTime,
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
        let path = SystemName.shown(path)
        let place = compression == nil ? "" : " (counted in the decompressed data)"
        switch end {
        case .clean, .stopped, .unfinished: break
        case .cutShort(let cut): problems.append("\(path): \(cut)\(place)")
        case .broken(let failure): problems.append("\(path): \(failure)\(place)")
        case .unreadable(let failure): problems.append("\(failure)")
        }
        for cause in BadRecord.allCases where statistics[cause] > 0 {
            let count = statistics[cause]
            problems.append("\(path): \(count) bad record\(count == 1 ? "" : "s"): \(cause)")
        }
        if hasTrailingGarbage { problems.append("\(path): what follows the compressed data is no such data; ignored") }
        return problems
    }

    /// What is to be known about the file although nothing is wrong with it.
    var note: String? {
        guard case .unfinished(let octets) = end else { return nil }
        let path = SystemName.shown(path)
        let rest = (octets == 1 ? "1 octet" : "\(octets) octets") + " of an unfinished record left out"
        guard let compression else { return "\(path): still being written: \(rest)" }
        return "\(path): still being written: its \(compression) data has no end yet" + (octets > 0 ? "; \(rest)" : "")
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
        let interfaces = outcome.interfaces.map(Stage.init)
        let sources = interfaces.isEmpty ? [Stage.records(outcome.captures)] : interfaces
        let frames = sources.reduce(0) { $0 + $1.delivered }

        var filtered: [Cause] = []
        var lost: [Cause] = []
        if counts.filtered.packets > 0 { filtered.append(Cause("--where", counts.filtered.packets)) }
        for result in Dissection.Outcome.allCases {
            guard let count = counts.undelivered[result]?.packets else { continue }
            switch result {
            case .notIP: filtered.append(Cause(result.causeName, count))
            case .unknownLinkType:
                for (type, count) in counts.unknownLinkTypes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                    lost.append(Cause("unknown \(type.displayName)", count.packets))
                }
            default: lost.append(Cause(result.causeName, count))
            }
        }
        // Frames handed out after an interrupt are in flight: read, but not looked at.
        let packets = Stage(
            name: "packets", unit: "packets", seen: frames, delivered: counts.delivered.packets, filtered: filtered,
            lost: lost, inFlight: frames - counts.seen.packets,
            noted: PacketMarks.each.compactMap { mark in counts.marks[mark].map { Cause(mark.noteName, $0) } })
        let tasks = outcome.counted.map {
            Stage(
                name: $0.name, unit: "packets", seen: counts.delivered.packets, delivered: $0.packets,
                noted: $0.evicted > 0 ? [Cause("in \"other\", for want of memory", $0.evicted)] : [])
        }
        self.init(stages: sources + [packets] + tasks)
    }
}

extension LedgerReport.Stage {
    /// What became of the records of the files: each good one holds a frame.
    static func records(_ captures: [CaptureReport]) -> Self {
        let frames = captures.reduce(0) { $0 + $1.statistics.frames }
        var bad: [LedgerReport.Cause] = []
        func add(_ name: String, _ count: UInt64) {
            if count == 0 { return }
            if let index = bad.firstIndex(where: { $0.name == name }) {
                bad[index].count += count
            } else {
                bad.append(.init(name, count))
            }
        }
        for cause in BadRecord.allCases {
            add("\(cause)", captures.reduce(0) { $0 + $1.statistics.packetsLost(cause) })
        }
        var unfinished: UInt64 = 0
        for capture in captures where capture.endsWithinPacket {
            switch capture.end {
            case .clean, .stopped: break
            // A record that is being written is on its way.
            case .unfinished: unfinished += 1
            case .cutShort: add("cut short by the end of the file", 1)
            case .broken(let failure): add(failure.recordCause, 1)
            case .unreadable(let failure): add(failure.recordCause, 1)
            }
        }
        return Self(
            name: "records", unit: "records", seen: frames + bad.reduce(unfinished) { $0 + $1.count },
            delivered: frames, lost: bad, inFlight: unfinished, noted: notes(captures))
    }

    /// What the files say, or fail to say, about records that became frames all the same.
    private static func notes(_ captures: [CaptureReport]) -> [LedgerReport.Cause] {
        let all = captures.map(\.statistics)
        func cause(_ name: String, _ count: (CaptureStatistics) -> UInt64) -> LedgerReport.Cause {
            LedgerReport.Cause(name, all.reduce(0) { $0 &+ count($1) })
        }
        return [
            cause("without a time", \.framesWithoutTime), cause("a second or more in the part of a second", \.oddTimes),
            cause("time out of range", \.clampedTimes),
            cause("captured length beyond the wire's", \.capturedBeyondWire),
            cause("\(BadRecord.badOption)") { $0[.badOption] },
            cause("dropped while capturing", \.droppedBeforePackets),
        ].filter { $0.count > 0 }
    }
}

extension CaptureFailure {
    /// The cause under which the packet is counted in whose record the framing broke.
    fileprivate var recordCause: String {
        switch reason {
        case .recordTooLarge: "\(BadRecord.capturedLengthTooLarge)"
        case .blockLengthTooShort: "\(BadRecord.blockTooShort)"
        case .blockLengthsDiffer: "block lengths differ"
        // They concern headers of files and sections, and what describes interfaces.
        case .empty, .tooShort, .notACapture, .unsupportedVersion, .reservedLinkTypeBits, .badByteOrderMagic,
            .blockTooLarge, .noSectionHeader:
            "framing broken"
        }
    }
}

extension InputFailure {
    /// The cause under which the packet is counted whose record ends where no more could be read.
    fileprivate var recordCause: String {
        switch self {
        case .decompression(_, let failure) where failure.reason == .truncated: "cut short by the end of the file"
        case .decompression: "cut short by damaged compressed data"
        case .open, .read: "cut short by a failure to read"
        }
    }
}
