import Outputs
import Probes

/// What `doctor` has found: for people, and as a JSON object.
struct DoctorReport {
    let checks: [SystemCheck]
    let libraries: [LibraryCoverage]
    /// Why no trace works.
    let obstacle: ProbeFailure?

    private static let markWidth = 9
    private static let titleWidth = 17
    /// Processes named of one library.
    private static let processesMax = 12

    // MARK: - Text

    func text(width: Int, style: Style) -> String {
        var lines = [style.title("This machine")]
        for check in checks {
            lines += row(mark(check.verdict, style), check.title, [check.found, check.advice], width)
        }
        lines += ["", style.title("TLS of running programs")]
        if libraries.isEmpty { lines.append("  none is found") }
        for library in libraries {
            lines += row(
                mark(library.verdict, style), library.library,
                [
                    library.path, Self.names(library.processes), library.reason, library.advice,
                    Self.keyLog(library),
                ], width)
        }
        lines += ["", verdict(style)]
        return lines.joined(separator: "\n")
    }

    private func verdict(_ style: Style) -> String {
        switch obstacle?.kind {
        case nil: style.good("Traces work here.")
        case .permission: style.bad("Traces do not work: privileges are missing.")
        case .unavailable: style.bad("Traces do not work here.")
        }
    }

    private func mark(_ verdict: SystemCheck.Verdict, _ style: Style) -> (String, String) {
        switch verdict {
        case .fine: ("ok", style.good("ok"))
        case .note: ("note", style.warning("note"))
        case .problem: ("PROBLEM", style.bad("PROBLEM"))
        }
    }

    private func mark(_ verdict: LibraryCoverage.Verdict, _ style: Style) -> (String, String) {
        switch verdict {
        case .covered: ("seen", style.good("seen"))
        case .partly: ("partly", style.warning("partly"))
        case .uncovered: ("not seen", style.bad("not seen"))
        case .unknown: ("unknown", style.warning("unknown"))
        }
    }

    private static func keyLog(_ library: LibraryCoverage) -> String {
        switch library.keyLog {
        case .yes: "key log: yes"
        case .named: "key log: yes, named: --mode keylog --binary \(library.path)"
        case .no: library.verdict == .unknown ? "" : "key log: no (of OpenSSL 1.1.1 and 3, GnuTLS, Go)"
        }
    }

    /// A mark, a title, and texts below each other, broken at spaces where they do not fit.
    private func row(_ mark: (plain: String, shown: String), _ title: String, _ texts: [String], _ width: Int)
        -> [String]
    {
        let indent = 2 + Self.markWidth + Self.titleWidth
        let pieces = texts.filter { !$0.isEmpty }.flatMap {
            Self.wrapped(TextTable.printable($0), to: max(width - indent, 20))
        }
        let head =
            "  " + mark.shown + Self.spaces(Self.markWidth - mark.plain.count) + title
            + Self.spaces(max(Self.titleWidth - title.count, 1))
        guard let first = pieces.first else { return [head] }
        return [head + first] + pieces.dropFirst().map { Self.spaces(indent) + $0 }
    }

    private static func spaces(_ count: Int) -> String { String(repeating: " ", count: max(count, 0)) }

    static func wrapped(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if line.isEmpty {
                line = String(word)
            } else if line.count + 1 + word.count <= width {
                line += " \(word)"
            } else {
                lines.append(line)
                line = String(word)
            }
        }
        return line.isEmpty ? lines : lines + [line]
    }

    /// `curl (12, 15), nginx (7)`, and how many more there are.
    static func names(_ processes: [LibraryCoverage.Process]) -> String {
        var groups: [(comm: String, pids: [UInt32])] = []
        for process in processes.prefix(processesMax) {
            if let known = groups.firstIndex(where: { $0.comm == process.comm }) {
                groups[known].pids.append(process.pid)
            } else {
                groups.append((process.comm, [process.pid]))
            }
        }
        let text = groups.map { group in
            "\(group.comm) (\(group.pids.map { "\($0)" }.joined(separator: ", ")))"
        }.joined(separator: ", ")
        return processes.count > processesMax ? "\(text) and \(processes.count - processesMax) more" : text
    }

    // MARK: - JSON

    var json: String {
        var json = JSONText()
        json.object { json in
            json.member("type", "doctor")
            json.member("works", obstacle == nil)
            json.name("checks")
            json.array(checks) { json, check in
                json.object { json in
                    json.member("check", check.id)
                    json.member("verdict", check.verdict.rawValue)
                    json.member("found", check.found)
                    json.member("advice", check.advice)
                }
            }
            json.name("libraries")
            json.array(libraries) { json, library in
                json.object { json in
                    json.member("library", library.library)
                    json.member("path", library.path)
                    json.member("verdict", library.verdict.rawValue)
                    json.member("reason", library.reason)
                    json.member("advice", library.advice)
                    json.member("key_log", library.keyLog.rawValue)
                    json.name("processes")
                    json.array(library.processes) { json, process in
                        json.object { json in
                            json.member("pid", process.pid)
                            json.member("comm", process.comm)
                        }
                    }
                }
            }
        }
        return json.text
    }
}
