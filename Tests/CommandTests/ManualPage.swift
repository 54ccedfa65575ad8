/// The manual page, made of what the program says about its arguments (`--experimental-dump-help`).
struct ManualPage {
    private var lines: [String]

    var text: String { lines.joined(separator: "\n") + "\n" }

    init(_ command: JSON, version: String) {
        let version = version.split(separator: "\n").first ?? ""
        lines = [
            ".\\\" Made of the program's help by Tests/CommandTests; change that instead.",
            ".TH NETSPECTRA 1 \"\" \"netspectra \(version)\" \"User Commands\"",
            ".SH NAME", "netspectra \\- \(Self.escaped(command["abstract"].string ?? ""))", ".SH SYNOPSIS",
        ]
        let subcommands = command["subcommands"].array.filter { $0["commandName"].string != "help" }
        for subcommand in subcommands {
            lines += [".B netspectra \(subcommand["commandName"].string ?? "")", "[\\fIoptions\\fR]"]
            for argument in subcommand["arguments"].array where argument["kind"].string == "positional" {
                let dots = argument["isRepeating"].bool == true ? " ..." : ""
                lines.append("\\fI\(argument["valueName"].string ?? "")\\fR\(dots)")
            }
            lines.append(".br")
        }
        lines.removeLast()
        lines.append(".SH DESCRIPTION")
        add(discussion: command["discussion"].string ?? "")
        for subcommand in subcommands { add(subcommand) }
        lines += [
            ".SH ENVIRONMENT", ".TP", "\\fBNO_COLOR\\fR", "If set and not empty, no colours on a terminal.", ".TP",
            "\\fBCOLUMNS\\fR", "How wide tables may be where standard output is no terminal. Default: no limit.",
            ".SH SEE ALSO", ".BR tcpdump (8),", ".BR tshark (1),", ".BR pcap\\-filter (7)",
        ]
    }

    private mutating func add(_ subcommand: JSON) {
        lines.append(".SH NETSPECTRA \((subcommand["commandName"].string ?? "").uppercased())")
        lines.append(Self.escaped(subcommand["abstract"].string ?? ""))
        lines.append(".PP")
        add(discussion: subcommand["discussion"].string ?? "")
        for argument in subcommand["arguments"].array where argument["shouldDisplay"].bool != false {
            let value = argument["valueName"].string ?? ""
            lines.append(".TP")
            switch argument["kind"].string {
            case "positional": lines.append("\\fI\(value)\\fR")
            default:
                let names = argument["names"].array.map { name in
                    let dashes = name["kind"].string == "long" ? "\\-\\-" : "\\-"
                    return "\\fB\(dashes)\(Self.escaped(name["name"].string ?? ""))\\fR"
                }
                let isFlag = argument["kind"].string == "flag"
                lines.append(names.joined(separator: ", ") + (isFlag ? "" : " \\fI\(Self.escaped(value))\\fR"))
            }
            lines.append(Self.escaped(argument["abstract"].string ?? ""))
            let values = argument["allValues"].array.compactMap(\.string)
            if !values.isEmpty { lines.append("Values: \(Self.escaped(values.joined(separator: ", "))).") }
            if let initial = argument["defaultValue"].string { lines.append("Default: \(Self.escaped(initial)).") }
        }
    }

    /// Paragraphs as they are; indented lines as they stand.
    private mutating func add(discussion: String) {
        var isVerbatim = false
        for line in discussion.split(separator: "\n", omittingEmptySubsequences: false) {
            let indented = line.hasPrefix("  ")
            if indented != isVerbatim { lines.append(indented ? ".nf" : ".fi") }
            isVerbatim = indented
            lines.append(line.isEmpty ? ".PP" : Self.escaped(String(line)))
        }
        if isVerbatim { lines.append(".fi") }
    }

    private static func escaped(_ text: String) -> String {
        let text = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" + text : text
    }
}
