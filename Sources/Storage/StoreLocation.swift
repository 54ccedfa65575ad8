import KernelIO

/// Where a database is: the path of an SQLite file, or the address of a server.
public enum StoreLocation: Equatable, Sendable {
    case sqlite(path: String)

    /// - Returns: `nil` for an address of a kind that is not known.
    public init?(_ text: String) {
        if text.isEmpty { return nil }
        if let end = text.range(of: "://") {
            guard text[..<end.lowerBound] == "sqlite" else { return nil }
            self = .sqlite(path: String(text[end.upperBound...]))
        } else {
            self = .sqlite(path: text)
        }
    }

    public func open(_ access: SQLiteStore.Access) throws(SystemFailure) -> any SnapshotStore {
        switch self {
        case .sqlite(let path): try SQLiteStore(path: path, access: access)
        }
    }
}

extension String {
    /// The first place of a text, without Foundation.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
