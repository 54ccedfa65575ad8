import KernelIO

/// Where a database is: the path of an SQLite file, or the address of a server.
public enum StoreLocation: Equatable, Sendable {
    case sqlite(path: String)
    case clickHouse(ClickHouseAddress)

    /// - Returns: `nil` for an address of a kind that is not known, or that cannot be.
    public init?(_ text: String) {
        for (scheme, isSecure) in [("clickhouse://", false), ("clickhouses://", true)] where text.hasPrefix(scheme) {
            guard let address = ClickHouseAddress(text.dropFirst(scheme.count), isSecure: isSecure) else { return nil }
            self = .clickHouse(address)
            return
        }
        let path = text.hasPrefix("sqlite://") ? String(text.dropFirst(9)) : text
        let scheme = path.prefix { $0.isASCII && $0.isLetter }
        if path.isEmpty || path.dropFirst(scheme.count).hasPrefix("://") { return nil }
        self = .sqlite(path: path)
    }

    /// As `--store` takes it, without user and password.
    public var name: String {
        switch self {
        case .sqlite(let path): path
        case .clickHouse(let address): address.name
        }
    }

    /// - Parameter spool: where snapshots wait while a server is away; `nil` for nowhere.
    public func open(
        _ access: SQLiteStore.Access, spool: String? = nil
    ) throws(SystemFailure) -> any SnapshotStore {
        switch self {
        case .sqlite(let path): try SQLiteStore(path: path, access: access)
        case .clickHouse(let address): try ClickHouseStore(address, access: access, spool: spool)
        }
    }
}
