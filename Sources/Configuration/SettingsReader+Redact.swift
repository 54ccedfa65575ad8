import AppProtocols

extension SettingsReader {
    /// Names that the file lists for headers stand beside the default ones: those are secrets everywhere.
    mutating func redact(_ node: YAMLNode, _ redaction: inout RedactionSettings) {
        let values = mapping(node, "redact", Keys.redact)
        if let list = values["headers"] { redaction.headers += names(list, "redact.headers", of: "header names") }
        if let list = values["query"] { redaction.query = names(list, "redact.query", of: "parameter names") }
        if let list = values["json"] { redaction.json = names(list, "redact.json", of: "member names") }
        redaction.mode = values["mode"].flatMap { choice($0, "redact.mode") } ?? redaction.mode
    }

    private mutating func names(_ node: YAMLNode, _ path: String, of what: String) -> [String] {
        guard let items = sequence(node, path, of: what) else { return [] }
        var names: [String] = []
        for (index, item) in items.enumerated() {
            let itemPath = "\(path)[\(index)]"
            guard let name = text(item, itemPath, expected: "a name") else { continue }
            if name.isEmpty {
                note(item, itemPath, "expected a name, not \(item.kindName)")
            } else {
                names.append(name)
            }
        }
        return names
    }
}
