import ArgumentParser
import Configuration
import Flows
import KernelIO
import Octets
import Outputs
import Storage

/// Options of commands that store snapshots in a database.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Also store snapshots with all rows in this database, for query: the path of an SQLite file, or \
            clickhouse://user:password@host:port/database.
            """, valueName: "database"),
        completion: .file())
    var store: String?

    @Option(
        help: ArgumentHelp(
            """
            Delete stored snapshots this much older than the newest, such as 30d, and merge older ones to minutes, \
            hours and days.
            """, valueName: "time"))
    var keep: String?

    @Option(
        help: ArgumentHelp(
            "Store one snapshot for each such span of time, whatever --snapshot-interval is.", valueName: "time"))
    var storeInterval: String?

    @Option(
        help: ArgumentHelp(
            "Keep snapshots in this directory while a ClickHouse server is away.", valueName: "directory"),
        completion: .directory)
    var spool: String?

    @Option(
        help: ArgumentHelp(
            """
            When the database falls behind: wait for it, or drop snapshots and count them. Default: wait for captures, \
            drop what is live.
            """, valueName: "what"))
    var storeOverflow: QueuedWriter.Overflow?

    /// What the options say, checked; `nil` where nothing is stored.
    func settings() throws -> StoreSettings? {
        guard let store else {
            for (name, isGiven) in [
                ("--keep", keep != nil), ("--store-interval", storeInterval != nil),
                ("--store-overflow", storeOverflow != nil), ("--spool", spool != nil),
            ] where isGiven { throw ValidationError("\(name) needs --store") }
            return nil
        }
        return StoreSettings(
            location: try Self.location(store),
            retention: try keep.map { Retention(keep: try Self.duration($0, option: "--keep")) },
            interval: try storeInterval.map { try Self.duration($0, option: "--store-interval") },
            overflow: storeOverflow, spool: spool)
    }

    static func location(_ text: String) throws -> StoreLocation {
        guard let location = StoreLocation(text) else {
            throw ValidationError(
                "--store: '\(text)' is no database; give the path of an SQLite file, or "
                    + "clickhouse://user:password@host:port/database")
        }
        return location
    }

    static func duration(_ text: String, option: String) throws -> Int64 {
        guard let nanoseconds = DurationText.nanoseconds(text), nanoseconds > 0 else {
            throw ValidationError("\(option): '\(text)' is no duration; write it like 15m, 1h30m or 30d")
        }
        return nanoseconds
    }

    static func time(_ text: String, option: String) throws -> Int64 {
        guard let nanoseconds = CivilTime.nanoseconds(parsing: text) else {
            throw ValidationError("\(option): '\(text)' is no time; write it like '2024-02-29 23:59:58', in UTC")
        }
        return nanoseconds
    }

    static func fields(_ text: String, option: String) throws -> KeyFields {
        do throws(KeyFieldsFailure) {
            return try KeyFields(parsing: text)
        } catch {
            throw ValidationError("\(option) '\(text)': \(error)")
        }
    }
}

/// One more place for snapshots beside standard output, written on a thread of its own.
struct StoreSettings {
    var location: StoreLocation
    var retention: Retention?
    /// Nanoseconds.
    var interval: Int64?
    /// `nil` for what fits the source.
    var overflow: QueuedWriter.Overflow?
    var spool: String?

    /// Opens the database for a new run.
    func writer(_ options: AnalysisOptions) throws(SystemFailure) -> QueuedWriter {
        let store = try location.open(.write, spool: spool)
        let run = StoredRun(source: options.input.name, isCumulative: options.isCumulative)
        return try QueuedWriter(
            StoreWriter(store, run: run, retention: retention), name: "store \(store.name)",
            overflow: overflow ?? options.input.overflow, interval: interval, isCumulative: options.isCumulative)
    }
}

/// Snapshot directories at an interval of their own.
struct DirectorySettings {
    var root: String
    /// Nanoseconds; `nil` for each snapshot as it comes.
    var interval: Int64?

    func writer(_ options: AnalysisOptions) throws(SystemFailure) -> QueuedWriter {
        let writer = SnapshotDirectoryWriter(
            root: root, shards: options.shards, defaultShards: SnapshotSink.defaultShards, threads: 1)
        return try QueuedWriter(
            writer, name: "directory \(root)", overflow: options.input.overflow, interval: interval,
            isCumulative: options.isCumulative)
    }
}

extension QueuedWriter.Overflow: ExpressibleByArgument {}
