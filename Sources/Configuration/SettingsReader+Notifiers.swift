import Alerts

/// Who is told of alerts, and how.
extension SettingsReader {
    private enum NotifierType: String, CaseIterable {
        case webhook, mail, command, log
    }

    /// The keys that each type takes besides those of all.
    private static func keys(of type: NotifierType) -> [String] {
        switch type {
        case .webhook: ["url", "headers", "body"]
        case .mail: Keys.smtp.known
        case .command: ["command"]
        case .log: ["path"]
        }
    }

    mutating func notifiers(_ node: YAMLNode, _ path: String) -> [NotifierSettings] {
        guard let items = sequence(node, path, of: "notifiers") else { return [] }
        var notifiers: [NotifierSettings] = []
        for (index, item) in items.enumerated() {
            let itemPath = "\(path)[\(index)]"
            let values = mapping(item, itemPath, Keys.notifier)
            guard let notifier = self.notifier(values, item, itemPath) else { continue }
            if let name = values["name"], notifiers.contains(where: { $0.name == notifier.name }) {
                note(name, "\(itemPath).name", "a notifier named \"\(notifier.name)\" stands above already")
            }
            notifiers.append(notifier)
        }
        return notifiers
    }

    private mutating func notifier(
        _ values: [String: YAMLNode], _ item: YAMLNode, _ path: String
    ) -> NotifierSettings? {
        let type: NotifierType? = required("type", in: values, item, path).flatMap { choice($0, "\(path).type") }
        guard let type else { return nil }
        let all = Set(["name", "type", "timeout", "tries", "queue"] + Self.keys(of: type))
        for (key, node) in values.sorted(by: { $0.key < $1.key }) where !all.contains(key) {
            note(node, "\(path).\(key)", "belongs to another type than \(type)")
        }
        let name = values["name"].map { label($0, "\(path).name") } ?? type.rawValue
        let timeout = values["timeout"].flatMap { duration($0, "\(path).timeout") }
        let tries = values["tries"].flatMap { integer($0, "\(path).tries", 1...20) }
        let queue = values["queue"].flatMap { integer($0, "\(path).queue", 1...100_000) }
        guard let kind = self.kind(type, values, item, path), let name else { return nil }
        return NotifierSettings(
            name: name, kind: kind, queueMax: queue, tries: tries, timeoutNanoseconds: timeout)
    }

    private mutating func kind(
        _ type: NotifierType, _ values: [String: YAMLNode], _ item: YAMLNode, _ path: String
    ) -> NotifierSettings.Kind? {
        switch type {
        case .webhook:
            let url = required("url", in: values, item, path).flatMap { address($0, "\(path).url") }
            let headers = values["headers"].map { self.headers($0, "\(path).headers") } ?? []
            let template = values["body"].flatMap { self.template($0, "\(path).body") }
            return url.map { .webhook(url: $0, headers: headers, template: template) }
        case .mail: return mail(values, item, path).map { .mail($0) }
        case .command:
            return required("command", in: values, item, path).flatMap { self.command($0, "\(path).command") }.map {
                .command($0)
            }
        case .log:
            let file = values["path"].map { pathText($0, "\(path).path") }
            return .log(path: file ?? nil)
        }
    }

    private mutating func address(_ node: YAMLNode, _ path: String) -> String? {
        guard let text = self.text(node, path, expected: "an address") else { return nil }
        let isAddress =
            (text.hasPrefix("http://") || text.hasPrefix("https://") || Self.isVariable(text))
            && text.utf8.allSatisfy { 0x21..<0x7F ~= $0 }
        if !isAddress { note(node, path, "expected an address such as https://host/path, not \(node.kindName)") }
        return isAddress ? text : nil
    }

    /// `${NAME}`: a variable of the environment, which is read when the run begins.
    private static func isVariable(_ text: String) -> Bool { text.hasPrefix("${") && text.hasSuffix("}") }

    private mutating func headers(_ node: YAMLNode, _ path: String) -> [NotifierSettings.Header] {
        guard case .mapping(let entries) = node.content else {
            note(node, path, "expected names and values, not \(node.kindName)")
            return []
        }
        return entries.compactMap { entry in
            let entryPath = "\(path).\(entry.key)"
            guard let value = text(entry.value, entryPath, expected: "a text") else { return nil }
            // Neither may end the line (RFC 9110 § 5.1, § 5.5).
            let isName =
                !entry.key.isEmpty && entry.key.utf8.allSatisfy { 0x21..<0x7F ~= $0 && $0 != UInt8(ascii: ":") }
            guard isName, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                note(entry.value, entryPath, "expected a header field in one line")
                return nil
            }
            return NotifierSettings.Header(name: entry.key, value: value)
        }
    }

    private mutating func template(_ node: YAMLNode, _ path: String) -> AlertTemplate? {
        guard let text = self.text(node, path, expected: "a text") else { return nil }
        do throws(AlertExpressionFailure) {
            return try AlertTemplate(parsing: text)
        } catch {
            note(node, path, "character \(error.column) of the text: \(error.message)")
            return nil
        }
    }

    private mutating func command(_ node: YAMLNode, _ path: String) -> [String]? {
        // One text would need a shell's rules to become words.
        guard let items = sequence(node, path, of: "the program and its arguments") else { return nil }
        let words = items.enumerated().compactMap { text($1, "\(path)[\($0)]", expected: "a text") }
        guard words.count == items.count else { return nil }
        if words.first?.isEmpty ?? true {
            note(node, path, "expected a program")
            return nil
        }
        return words
    }

    mutating func mail(_ values: [String: YAMLNode], _ item: YAMLNode, _ path: String) -> MailSettings? {
        var mail = MailSettings()
        let host = required("host", in: values, item, path).flatMap { text($0, "\(path).host", expected: "a host") }
        let from = required("from", in: values, item, path).flatMap { mailAddress($0, "\(path).from") }
        let to = required("to", in: values, item, path).flatMap { recipients($0, "\(path).to") }
        if let port = values["port"].flatMap({ integer($0, "\(path).port", 1...65_535) }) { mail.port = port }
        if let choice: MailSettings.Encryption = values["tls"].flatMap({ choice($0, "\(path).tls") }) {
            mail.encryption = choice
        }
        if values["user"] != nil || values["username"] != nil {
            mail.user =
                one(of: ["user", "username"], values, item, path).flatMap { text($0, path, expected: "a user") } ?? ""
        }
        mail.password = values["password"].flatMap { text($0, "\(path).password", expected: "a password") } ?? ""
        guard let host, let from, let to else { return nil }
        guard !host.isEmpty, host.utf8.allSatisfy({ 0x21..<0x7F ~= $0 && $0 != UInt8(ascii: "/") }) else {
            if let node = values["host"] { note(node, "\(path).host", "expected a host, not \(node.kindName)") }
            return nil
        }
        (mail.host, mail.from, mail.to) = (host, from, to)
        return mail
    }

    private mutating func recipients(_ node: YAMLNode, _ path: String) -> [String]? {
        guard case .scalar(let text, _) = node.content else {
            guard let items = sequence(node, path, of: "addresses") else { return nil }
            let all = items.compactMap { mailAddress($0, path) }
            return all.count == items.count && !all.isEmpty ? all : nil
        }
        // Go2NetSpectra has them in one text, with commas.
        let all = text.split(separator: ",").map { $0.filter { $0 != " " } }
        guard !all.isEmpty, all.allSatisfy(Self.isMailAddress) else {
            note(node, path, "expected addresses such as a@example.com, b@example.com, not \(node.kindName)")
            return nil
        }
        return all
    }

    private mutating func mailAddress(_ node: YAMLNode, _ path: String) -> String? {
        if case .scalar(let text, _) = node.content, Self.isMailAddress(text) { return text }
        note(node, path, "expected an address such as a@example.com, not \(node.kindName)")
        return nil
    }

    /// What can stand between `<` and `>` in SMTP and in a header.
    private static func isMailAddress(_ text: String) -> Bool {
        text.utf8.count <= 254 && text.contains("@")
            && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") }
    }
}
