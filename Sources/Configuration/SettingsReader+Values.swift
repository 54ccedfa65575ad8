import Flows

/// Readers of single values. Each notes a problem and gives `nil` where the value is wrong.
extension SettingsReader {
    mutating func note(_ node: YAMLNode, _ path: String, _ message: String) { note(node.place, path, message) }

    private mutating func note(_ place: YAMLNode.Place, _ path: String, _ message: String) {
        problems.append(ConfigurationProblem(line: place.line, column: place.column, key: path, message: message))
    }

    /// The values of a group by key. Keys that are unknown, not supported yet, or there twice are noted.
    mutating func mapping(_ node: YAMLNode, _ path: String, _ keys: Keys) -> [String: YAMLNode] {
        guard case .mapping(let entries) = node.content else {
            let what = path.isEmpty ? "the group aggregator, output, redact or alerts" : "a group of settings"
            note(node, path, "expected \(what), not \(node.kindName)")
            return [:]
        }
        var values: [String: YAMLNode] = [:]
        var linesByKey: [String: Int] = [:]
        for entry in entries {
            let entryPath = path.isEmpty ? entry.key : "\(path).\(entry.key)"
            if let line = linesByKey[entry.key] {
                note(entry.keyPlace, entryPath, "stands in line \(line) already")
                continue
            }
            linesByKey[entry.key] = entry.keyPlace.line
            if keys.known.contains(entry.key) {
                values[entry.key] = entry.value
            } else if let what = keys.later[entry.key] {
                note(entry.keyPlace, entryPath, "known to Go2NetSpectra, not supported yet: \(what)")
            } else {
                let group = path.isEmpty ? "the file" : path
                let hint = NearestName.hint(entry.key, among: keys.known)
                note(
                    entry.keyPlace, entryPath,
                    "unknown setting\(hint); \(group) takes \(keys.known.joined(separator: ", "))"
                )
            }
        }
        return values
    }

    mutating func sequence(_ node: YAMLNode, _ path: String, of what: String) -> [YAMLNode]? {
        if case .sequence(let items) = node.content { return items }
        note(node, path, "expected a list of \(what), not \(node.kindName)")
        return nil
    }

    mutating func text(_ node: YAMLNode, _ path: String, expected what: String) -> String? {
        if case .scalar(let text, _) = node.content, !node.isNull { return text }
        note(node, path, "expected \(what), not \(node.kindName)")
        return nil
    }

    mutating func integer(_ node: YAMLNode, _ path: String, _ range: ClosedRange<Int>) -> Int? {
        if case .scalar(let text, _) = node.content, let value = Int(text.filter { $0 != "_" }), range.contains(value) {
            return value
        }
        note(
            node, path, "expected a whole number from \(range.lowerBound) to \(range.upperBound), not \(node.kindName)")
        return nil
    }

    mutating func boolean(_ node: YAMLNode, _ path: String) -> Bool? {
        if case .scalar(let text, _) = node.content {
            switch text.lowercased() {
            case "true", "yes", "on": return true
            case "false", "no", "off": return false
            default: break
            }
        }
        note(node, path, "expected true or false, not \(node.kindName)")
        return nil
    }

    mutating func duration(_ node: YAMLNode, _ path: String) -> Int64? {
        if case .scalar(let text, _) = node.content, let value = DurationText.nanoseconds(text), value > 0 {
            return value
        }
        note(node, path, "expected a duration above 0 such as 30s, 5m or 1h30m, not \(node.kindName)")
        return nil
    }

    mutating func byteCount(_ node: YAMLNode, _ path: String) -> UInt64? {
        if case .scalar(let text, _) = node.content, let value = ByteCountText.bytes(text), value >= Self.memoryBytesMin
        {
            return value
        }
        note(node, path, "expected a size of at least 1MiB such as 512MiB or 2GiB, not \(node.kindName)")
        return nil
    }

    /// Below this a table could not hold its first flows.
    private static let memoryBytesMin: UInt64 = 1 << 20

    mutating func pathText(_ node: YAMLNode, _ path: String) -> String? {
        guard let text = text(node, path, expected: "a directory") else { return nil }
        if text.isEmpty || text.utf8.contains(0) {
            note(node, path, "expected a directory, not \(node.kindName)")
            return nil
        }
        return text
    }

    mutating func choice(_ node: YAMLNode, _ path: String, _ names: [String]) -> String? {
        if case .scalar(let text, _) = node.content {
            if names.contains(text) { return text }
            note(node, path, "expected \(Self.list(names)), not \"\(text)\"\(NearestName.hint(text, among: names))")
        } else {
            note(node, path, "expected \(Self.list(names)), not \(node.kindName)")
        }
        return nil
    }

    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(_ node: YAMLNode, _ path: String) -> Choice? {
        choice(node, path, Choice.allCases.map(\.rawValue)).flatMap(Choice.init)
    }

    private static func list(_ names: [String]) -> String {
        names.count == 1 ? names[0] : names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
    }

    mutating func filter(_ node: YAMLNode, _ path: String) -> PacketFilter? {
        guard let text = text(node, path, expected: "a filter expression") else { return nil }
        do throws(FilterFailure) {
            return try PacketFilter(parsing: text)
        } catch {
            note(node, path, "column \(error.column) of the expression: \(error.message)")
            return nil
        }
    }
}
