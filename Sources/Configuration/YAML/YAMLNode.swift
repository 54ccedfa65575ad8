/// A YAML value and where it stands. Only what settings need: no anchors, tags or key types other than text.
struct YAMLNode: Equatable, Sendable {
    enum Content: Equatable, Sendable {
        /// `isPlain` tells `null`, `~` and nothing from the texts "null", "~" and "".
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    struct Entry: Equatable, Sendable {
        var key: String
        var keyPlace: Place
        var value: YAMLNode
    }

    /// Counted from 1.
    struct Place: Equatable, Sendable {
        var line: Int
        var column: Int
    }

    var content: Content
    var place: Place

    /// What the value is called in an error.
    var kindName: String {
        switch content {
        case .scalar where isNull: "nothing"
        case .scalar(let text, _): "\"\(text.count > 60 ? text.prefix(60) + "…" : text[...])\""
        case .sequence: "a list"
        case .mapping: "a group of settings"
        }
    }

    /// A key without a value, `~`, or `null` (YAML 1.2.2 § 10.2.1.1).
    var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content {
            ["", "~", "null", "Null", "NULL"].contains(text)
        } else {
            false
        }
    }
}
