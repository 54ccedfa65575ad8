import AppProtocols
import ArgumentParser

/// Which messages and transactions are shown. Each option may be given several times: one of its values must match.
struct MessageFilterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only requests to this host, such as example.com or '*.example.com', and what belongs to them.",
            valueName: "pattern"))
    var host: [String] = []

    @Option(help: ArgumentHelp("Likewise requests with this method, such as GET.", valueName: "pattern"))
    var method: [String] = []

    @Option(
        help: ArgumentHelp(
            "Likewise requests for this path, such as '/api/*'; the query counts where the pattern has a ?.",
            valueName: "pattern"))
    var path: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only responses and transactions with this status, such as 404, 4xx or 500-599.", valueName: "status"))
    var status: [String] = []

    @Option(help: ArgumentHelp("Only connections with this port at either end.", valueName: "number"))
    var port: [UInt16] = []

    func validate() throws { _ = try filter() }

    func filter() throws -> MessageFilter {
        var filter = MessageFilter()
        filter.hosts = host.map { Glob($0, ignoresCase: true) }
        filter.methods = method.map { Glob($0, ignoresCase: true) }
        filter.paths = path.map { Glob($0) }
        filter.statuses = try status.map { text in
            guard let range = Self.statuses(text) else {
                throw ValidationError("--status: '\(text)' is no status; write it like 404, 4xx or 500-599")
            }
            return range
        }
        filter.ports = Set(port)
        return filter
    }

    /// `404`, `4xx`, `500-599`.
    static func statuses(_ text: String) -> ClosedRange<UInt16>? {
        func number(_ text: Substring) -> UInt16? {
            guard text.utf8.count == 3, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
            return UInt16(text)
        }
        if let one = number(text[...]) { return one...one }
        let octets = Array(text.utf8)
        if octets.count == 3, 0x31...0x39 ~= octets[0], octets[1] | 0x20 == 0x78, octets[2] | 0x20 == 0x78 {
            let first = UInt16(octets[0] - 0x30) * 100
            return first...first + 99
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(number)
        guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else { return nil }
        return first...last
    }
}

/// Whose events are shown, where they say whose they are.
struct ProcessFilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only this process; may be given several times.", valueName: "number"))
    var pid: [UInt32] = []

    @Option(help: ArgumentHelp("Only threads of this name, such as 'curl' or 'nginx*'.", valueName: "pattern"))
    var comm: [String] = []
}
