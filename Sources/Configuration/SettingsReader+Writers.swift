extension SettingsReader {
    /// The writers of all places where files name them: Go2NetSpectra has a list for each kind of task, we one for all.
    mutating func writers(_ lists: [(node: YAMLNode, path: String)]) -> [WriterSettings] {
        var writers: [WriterSettings] = []
        for list in lists {
            for (index, node) in (sequence(list.node, list.path, of: "writers") ?? []).enumerated() {
                guard let writer = writer(node, "\(list.path)[\(index)]") else { continue }
                // The original's lists name the same place for both kinds of tasks.
                if !writers.contains(writer) { writers.append(writer) }
            }
        }
        return writers
    }

    /// - Returns: `nil` for one that is not enabled, or is wrong.
    private mutating func writer(_ node: YAMLNode, _ path: String) -> WriterSettings? {
        let values = mapping(node, path, Keys.writer)
        let isEnabled = values["enabled"].flatMap { boolean($0, "\(path).enabled") } ?? true
        let interval = values["snapshot_interval"].flatMap { duration($0, "\(path).snapshot_interval") }
        guard let type = values["type"] else {
            note(node, "\(path).type", "missing; it says what is written: \(Self.writerTypes.joined(separator: ", "))")
            return nil
        }
        guard let kind = choice(type, "\(path).type", Self.writerTypes) else { return nil }
        for other in Self.writerTypes where other != kind {
            if let node = values[other], isEnabled { note(node, "\(path).\(other)", "the type is \(kind)") }
        }
        guard let node = values[kind] else {
            note(type, "\(path).\(kind)", "missing; it says where to")
            return nil
        }
        guard var writer = place(node, kind, "\(path).\(kind)") else { return nil }
        writer.intervalNanoseconds = interval
        return isEnabled ? writer : nil
    }

    /// `gob` is the original's name for its snapshot files; ours are IPFIX.
    private static let writerTypes = ["directory", "sqlite", "clickhouse", "gob"]

    private mutating func place(_ node: YAMLNode, _ kind: String, _ path: String) -> WriterSettings? {
        switch kind {
        case "clickhouse": return clickHouse(node, path)
        case "sqlite":
            let values = mapping(node, path, Keys.sqliteWriter)
            guard let file = required("path", values, node, path, "the database's file") else { return nil }
            return WriterSettings(.database("sqlite://" + file), keepNanoseconds: keep(values, path))
        default:
            let values = mapping(node, path, Keys.directoryWriter)
            guard let root = required("root_path", values, node, path, "a directory") else { return nil }
            return WriterSettings(.directory(root))
        }
    }

    private mutating func clickHouse(_ node: YAMLNode, _ path: String) -> WriterSettings? {
        let values = mapping(node, path, Keys.clickHouseWriter)
        guard let host = required("host", values, node, path, "the server's name or address") else { return nil }
        var port = values["port"].flatMap { integer($0, "\(path).port", 1...65_535) }
        let isSecure = values["secure"].flatMap { boolean($0, "\(path).secure") } ?? false
        // The original speaks the protocol of these ports, we that of HTTP, whose are 8123 and 8443.
        if port == 9_000 || port == 9_440 { port = nil }
        var address = isSecure ? "clickhouses://" : "clickhouse://"
        if let user = values["username"].flatMap({ text($0, "\(path).username", expected: "a name") }) {
            address += Self.percentEncoded(user)
            if let password = values["password"].flatMap({ text($0, "\(path).password", expected: "a password") }) {
                address += ":" + Self.percentEncoded(password)
            }
            address += "@"
        }
        // IPv6 stands in brackets there.
        address += host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        if let port { address += ":\(port)" }
        if let database = values["database"].flatMap({ text($0, "\(path).database", expected: "a name") }) {
            address += "/" + database
        }
        return WriterSettings(
            .database(address), keepNanoseconds: keep(values, path),
            spool: values["spool"].flatMap { pathText($0, "\(path).spool") })
    }

    private mutating func keep(_ values: [String: YAMLNode], _ path: String) -> Int64? {
        values["keep"].flatMap { duration($0, "\(path).keep") }
    }

    private mutating func required(
        _ key: String, _ values: [String: YAMLNode], _ node: YAMLNode, _ path: String, _ what: String
    ) -> String? {
        guard let value = values[key] else {
            note(node, "\(path).\(key)", "missing; it names \(what)")
            return nil
        }
        guard let text = text(value, "\(path).\(key)", expected: what) else { return nil }
        if text.isEmpty || text.utf8.contains(0) {
            note(value, "\(path).\(key)", "expected \(what), not \(value.kindName)")
            return nil
        }
        return text
    }

    /// All but letters and digits (RFC 3986 § 2.1).
    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { result, octet in
            switch octet {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: result.append(Character(Unicode.Scalar(octet)))
            default: result += "%\(digits[Int(octet >> 4)])\(digits[Int(octet & 15)])"
            }
        }
    }
}
