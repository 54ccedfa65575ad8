import Flows
import Headers
import Octets

/// The report for people: sections of aligned lines, readable at 80 columns, complete at 100.
public struct ReportText: Sendable {
    /// Whole numbers instead of `1.23 MB`.
    public var isExact: Bool
    /// Columns of the terminal; `nil` for no limit.
    public var width: Int?
    public var style: Style

    public init(isExact: Bool = false, width: Int? = nil, style: Style = .plain) {
        self.isExact = isExact
        self.width = width
        self.style = style
    }

    /// All sections that have something to say, an empty line between them.
    public func text(_ report: AnalysisReport) -> String {
        [
            capture(report.capture, notes: report.notes), problems(report.problems),
            hierarchy(report.hierarchy, of: report.capture),
            talkers(report), flows(report.topFlows), services(report), tls(report),
            ledger(report.ledger),
        ].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func bytes(_ value: UInt64) -> String { isExact ? HumanUnits.grouped(value) : HumanUnits.bytes(value) }

    func section(_ title: String, note: String = "", _ body: String) -> String {
        body.isEmpty ? "" : heading(title, note, style.dim) + body
    }

    /// A title with what is to be said of it, behind it or, where that is too much for a line, below.
    private func heading(_ title: String, _ note: String, _ paint: (String) -> String) -> String {
        if note.isEmpty { return style.title(title) + "\n" }
        guard let width, TextTable.width(title) + 2 + TextTable.width(note) > width else {
            return style.title(title) + "  " + paint(note) + "\n"
        }
        return style.title(title) + "\n" + hanging("", 0, note, paint)
    }

    // MARK: - Capture

    public func capture(_ capture: CaptureSummary, notes: [String] = []) -> String {
        var lines = capture.files.enumerated().map { index, file in
            (index == 0 ? (capture.files.count == 1 ? "File" : "Files") : "", describe(file))
        }
        if let first = capture.firstTime, let last = capture.lastTime {
            lines.append(("Time", span(first, last) + "  (\(HumanUnits.duration(capture.durationNanoseconds)))"))
        }
        let packetRate = capture.packetsPerSecond.map { "  (\(HumanUnits.packetsPerSecond($0)))" } ?? ""
        lines.append(("Packets", HumanUnits.grouped(capture.packets) + packetRate))
        let bitRate = capture.bitsPerSecond.map { "  (\(HumanUnits.bitsPerSecond($0)))" } ?? ""
        lines.append(("Bytes", bytes(capture.bytes) + bitRate))
        if capture.capturedBytes != capture.bytes {
            let share = HumanUnits.percent(capture.capturedBytes, of: capture.bytes)
            lines.append(("Captured", "\(bytes(capture.capturedBytes))  (\(share) % of the bytes on the wire)"))
        }
        if let average = capture.averagePacketBytes {
            lines.append(("Mean size", "\(HumanUnits.grouped(UInt64(average + 0.5))) B per packet"))
        }
        for note in notes { lines.append(("Note", note)) }
        let body = lines.map { hanging(style.dim(Self.padded($0, to: 10)), 10, $1) }.joined()
        return section("Capture", body)
    }

    /// A text in as many lines as the width asks for, all but the first below it.
    /// - Parameter label: stands before the first, and takes `columns` of the terminal.
    private func hanging(
        _ label: String, _ columns: Int, _ text: String, _ paint: (String) -> String = { $0 }
    ) -> String {
        let indent = columns + 2
        let lines = width.map { TextTable.wrapped(TextTable.printable(text), to: $0 - indent) }
        return (lines ?? [TextTable.printable(text)]).enumerated().map { index, line in
            (index == 0 ? "  " + label : String(repeating: " ", count: indent)) + paint(line) + "\n"
        }.joined()
    }

    private func describe(_ file: CaptureFileSummary) -> String {
        let size = file.bytes.map { ", \(bytes($0))" } ?? ""
        let links = file.linkTypes.isEmpty ? "" : ", " + file.linkTypes.joined(separator: " + ")
        let packets = file.packets == 1 ? "1 packet" : "\(HumanUnits.grouped(file.packets)) packets"
        return "\(file.name)  (\(file.format)\(links)\(size), \(packets))"
    }

    /// The date once where both times have the same.
    private func span(_ first: Int64, _ last: Int64) -> String {
        let (from, to) = (CivilTime(nanoseconds: first), CivilTime(nanoseconds: last))
        let isSameDay = (from.year, from.month, from.day) == (to.year, to.month, to.day)
        return "\(from.text) – \(isSameDay ? to.clock : to.text) UTC"
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - TextTable.width(text)))
    }

    public func problems(_ problems: [String]) -> String {
        section("Problems", problems.map { hanging("", 0, $0, style.warning) }.joined())
    }

    // MARK: - Tables

    public func hierarchy(_ nodes: [ProtocolNode], of capture: CaptureSummary) -> String {
        var table = TextTable([
            .init("Protocol", .left, canBeCut: true), .init("Packets"), .init("%", rank: 2), .init("Bytes"),
            .init("%", rank: 1),
        ])
        func add(_ nodes: [ProtocolNode], _ depth: Int) {
            for node in nodes {
                table.rows.append([
                    String(repeating: "  ", count: depth) + node.name, HumanUnits.grouped(node.packets),
                    HumanUnits.percent(node.packets, of: capture.packets), bytes(node.bytes),
                    HumanUnits.percent(node.bytes, of: capture.bytes),
                ])
                add(node.children, depth + 1)
            }
        }
        add(nodes, 0)
        return section("Protocols", table.text(width: width, style: style))
    }

    public func talkers(_ report: AnalysisReport) -> String {
        var table = TextTable([
            .init("#", isDim: true), .init("Address", .left, canBeCut: true), .init("Sent pkts", rank: 1),
            .init("Sent"), .init("Received pkts", rank: 1), .init("Received"), .init("Share", rank: 2),
        ])
        for (index, talker) in report.talkers.enumerated() {
            table.rows.append([
                "\(index + 1)", talker.address.description, HumanUnits.grouped(talker.sentPackets),
                bytes(talker.sentBytes), HumanUnits.grouped(talker.receivedPackets), bytes(talker.receivedBytes),
                HumanUnits.percent(talker.totalBytes, of: report.capture.bytes) + " %",
            ])
        }
        let note = "\(report.talkers.count) of \(HumanUnits.grouped(report.talkerCount)) addresses, by bytes"
        return section("Top talkers", note: note, table.text(width: width, style: style))
    }

    public func flows(_ flows: TopFlows?) -> String {
        guard let flows else { return "" }
        let table = TableFormat(
            task: flows.task, totalBytes: flows.totalBytes, isExact: isExact, width: width, style: style)
        let note = "\(flows.rows.count) of \(HumanUnits.grouped(flows.flowCount)) flows, by \(flows.sortedBy)"
        return section("Top flows", note: note, table.text(flows.rows))
    }

    public func services(_ report: AnalysisReport) -> String {
        var table = TextTable([
            .init("Service", .left, canBeCut: true), .init("Port", .left), .init("Flows", rank: 1),
            .init("Packets", rank: -1), .init("Bytes"), .init("Share", rank: 2),
        ])
        for service in report.services {
            let name = service.port.flatMap { ServiceNames.name($0, protocol: service.protocol) }
            let proto = ServiceNames.name(protocol: service.protocol)
            table.rows.append([
                name ?? (service.port == nil ? proto.lowercased() : "-"), service.port.map { "\(proto) \($0)" } ?? "-",
                HumanUnits.grouped(service.flows), HumanUnits.grouped(service.packets), bytes(service.bytes),
                HumanUnits.percent(service.bytes, of: report.capture.bytes) + " %",
            ])
        }
        let count = HumanUnits.grouped(report.serviceCount)
        let note = "\(report.services.count) of \(count) services, by bytes"
        return section("Services", note: note, table.text(width: width, style: style))
    }

    // MARK: - Ledger

    /// One line per stage with the identity, one per cause below it.
    public func ledger(_ ledger: LedgerReport) -> String {
        var table = TextTable([
            .init("Stage", .left), .init("Seen"), .init("= Delivered"), .init("+ Filtered"), .init("+ Lost"),
            .init("+ In flight"),
        ])
        if !ledger.isBalanced { table.columns.append(.init("", .left)) }
        for stage in ledger.stages {
            table.rows.append([
                stage.title, HumanUnits.grouped(stage.seen),
                HumanUnits.grouped(stage.delivered),
                HumanUnits.grouped(stage.filteredCount), HumanUnits.grouped(stage.lostCount),
                HumanUnits.grouped(stage.inFlight),
            ])
            if !ledger.isBalanced {
                table.rows[table.rows.count - 1].append(stage.isBalanced ? "" : "does not add up")
            }
        }
        let verdict =
            ledger.isBalanced
            ? "everything that was seen is accounted for" : "counts do not add up: this is a defect, please report it"
        // Rather a line for each number than a sum without some of them.
        if let width, table.narrowestWhole() > width { table = Self.narrow(ledger) }
        let body = table.text(width: width, style: style) + causes(ledger)
        return body.isEmpty ? "" : heading("Ledger", verdict, ledger.isBalanced ? style.good : style.bad) + body
    }

    /// What is 0 is left out, but for what was seen and delivered.
    private static func narrow(_ ledger: LedgerReport) -> TextTable {
        var table = TextTable([.init("Stage", .left, canBeCut: true), .init("Count")])
        for stage in ledger.stages {
            table.rows.append([stage.title, ""])
            table.rows.append(["  Seen", HumanUnits.grouped(stage.seen)])
            table.rows.append(["  = Delivered", HumanUnits.grouped(stage.delivered)])
            for (name, count) in [
                ("+ Filtered", stage.filteredCount), ("+ Lost", stage.lostCount), ("+ In flight", stage.inFlight),
            ] where count > 0 {
                table.rows.append(["  " + name, HumanUnits.grouped(count)])
            }
            if !stage.isBalanced { table.rows.append(["  does not add up", ""]) }
        }
        return table
    }

    private func causes(_ ledger: LedgerReport) -> String {
        var table = TextTable([
            .init("Cause", .left, canBeCut: true), .init("Stage", .left, canBeCut: true), .init("Count"),
        ])
        for stage in ledger.stages {
            for (kind, causes) in [("filtered", stage.filtered), ("lost", stage.lost), ("noted", stage.noted)] {
                for cause in causes where cause.count > 0 {
                    table.rows.append(["\(kind): \(cause.name)", stage.name, HumanUnits.grouped(cause.count)])
                }
            }
        }
        let text = table.text(width: width, style: style)
        return text.isEmpty ? "" : "\n" + text
    }
}

extension LedgerReport.Stage {
    /// The stage with what it counts.
    fileprivate var title: String { name == unit ? name : "\(name) (\(unit))" }
}
