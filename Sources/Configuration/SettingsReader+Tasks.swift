import Flows

extension SettingsReader {
    mutating func tasks(_ node: YAMLNode, _ path: String, bidirectional: Bool) -> [TaskSettings] {
        guard let items = sequence(node, path, of: "tasks") else { return [] }
        if items.isEmpty {
            note(node, path, "expected at least one task; without the key, flows are counted by five-tuple")
        }
        var tasks: [TaskSettings] = []
        var linesByName: [String: Int] = [:]
        for (index, item) in items.enumerated() {
            let itemPath = "\(path)[\(index)]"
            let values = mapping(item, itemPath, Keys.task)
            let name = required("name", in: values, item, itemPath).flatMap { taskName($0, "\(itemPath).name") }
            if let name, let nameNode = values["name"] {
                if let line = linesByName[name] {
                    note(nameNode, "\(itemPath).name", "a task named \"\(name)\" stands in line \(line) already")
                }
                linesByName[name] = linesByName[name] ?? nameNode.place.line
            }
            let fields = required("key_fields", in: values, item, itemPath).flatMap {
                keyFields($0, "\(itemPath).key_fields")
            }
            let isBidirectional = values["bidirectional"].flatMap { boolean($0, "\(itemPath).bidirectional") }
            let memory = values["memory"].flatMap { byteCount($0, "\(itemPath).memory") }
            let shards = values["num_shards"].flatMap { integer($0, "\(itemPath).num_shards", 1...65_536) }
            guard let name, let fields else { continue }
            let task = FlowTask(name: name, fields: fields, bidirectional: isBidirectional ?? bidirectional)
            if task.bidirectional, let node = values["key_fields"] {
                requireSymmetry(fields, node, "\(itemPath).key_fields")
            }
            tasks.append(TaskSettings(task: task, shards: shards, memoryBytesMax: memory))
        }
        return tasks
    }

    mutating func required(
        _ key: String, in values: [String: YAMLNode], _ item: YAMLNode, _ path: String
    ) -> YAMLNode? {
        if let value = values[key] { return value }
        // A task that is no mapping has been noted already.
        if case .mapping = item.content { note(item, path, "expected \(key)") }
        return nil
    }

    /// A task's name is also the name of its directory in a snapshot.
    mutating func taskName(_ node: YAMLNode, _ path: String) -> String? {
        guard let name = text(node, path, expected: "a name") else { return nil }
        let isFileName =
            !name.isEmpty && name.utf8.count <= 100 && name.utf8.first != UInt8(ascii: ".")
            && name.unicodeScalars.allSatisfy {
                $0 != "/" && $0 != "\\" && !$0.properties.isWhitespace && $0.value >= 0x20 && $0.value != 0x7F
            }
        if !isFileName {
            note(
                node, path,
                "expected a name that can be a directory's: 1 to 100 octets, no blank, / or \\, no dot in front")
        }
        return isFileName ? name : nil
    }

    /// A list of words, or one text with commas.
    mutating func keyFields(_ node: YAMLNode, _ path: String) -> KeyFields? {
        if case .scalar = node.content, !node.isNull, let words = text(node, path, expected: "key fields") {
            do throws(KeyFieldsFailure) {
                return try KeyFields(parsing: words)
            } catch {
                note(node, path, "\(error)")
                return nil
            }
        }
        guard let items = sequence(node, path, of: "key fields") else { return nil }
        if items.isEmpty { note(node, path, "\(KeyFieldsFailure.empty)") }
        var fields = KeyFields()
        var isRight = !items.isEmpty
        for (index, item) in items.enumerated() {
            guard let word = text(item, "\(path)[\(index)]", expected: "a key field") else {
                isRight = false
                continue
            }
            do throws(KeyFieldsFailure) {
                try fields.add(word: word)
            } catch {
                note(item, "\(path)[\(index)]", "\(error)")
                isRight = false
            }
        }
        return isRight ? fields : nil
    }

    private mutating func requireSymmetry(_ fields: KeyFields, _ node: YAMLNode, _ path: String) {
        do throws(KeyFieldsFailure) {
            try fields.requireSymmetry()
        } catch {
            note(node, path, "\(error)")
        }
    }
}
