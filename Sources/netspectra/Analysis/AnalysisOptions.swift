import Alerts
import ArgumentParser
import Configuration
import Flows
import Headers
import KernelIO
import Pipeline
import Storage

/// What a run is to do: the command line over the settings file over the defaults, checked.
struct AnalysisOptions {
    var input: AnalysisInput
    /// The user's tasks; empty for the report.
    var tasks: [FlowTask]
    /// What is counted in sketches.
    var sketches: [SketchTask]
    /// Of the default task; the user's tasks say it themselves.
    var isBidirectional: Bool
    /// Shards by task name, where the settings say.
    var shards: [String: Int]
    /// Rows to print per task; `nil` for all.
    var top: Int?
    /// Whether the user said how many; otherwise `top` is the format's default.
    var isTopGiven: Bool
    var order: RowOrder
    var format: OutputFormat
    /// Where snapshots are written.
    var output: String?
    /// The databases they are stored in.
    var stores: [StoreSettings]
    /// Where they are written at intervals of their own.
    var directories: [DirectorySettings]
    /// The flow records that are made besides.
    var flowRecords: FlowRecordSettings?
    /// Rules, and who is told.
    var alerts: AlertSettings?
    var filter: PacketFilter?
    var tunnels: TunnelMode
    /// Nanoseconds.
    var snapshotInterval: Int64?
    var snapshotClock: CaptureSource.SnapshotClock
    var isCumulative: Bool
    /// Octets.
    var memoryLimit: Int?
    var workers: Int
    /// TLS connections are looked at.
    var showsTLS: Bool
    var isExact: Bool
    var isQuiet: Bool
    /// Rows that are flows say whose they are.
    var showsProcesses: Bool
    /// Privileges are given up once the input is open.
    var isConfined = false

    /// - Throws: `ValidationError` for what is wrong on the command line, `ExitCode` once a message about the settings
    ///   file has been printed.
    init(_ command: CountingOptions, input: AnalysisInput, showsProcesses: Bool = false) throws {
        self.showsProcesses = showsProcesses
        let settings = try command.config.map(Self.settings) ?? Settings()
        self.input = input
        if case .files(let files, _, _, _) = input, files.count(where: { $0 == "-" }) > 1 {
            throw ValidationError("standard input (-) can be read only once")
        }
        tasks = try Self.tasks(command, settings)
        sketches = command.key.isEmpty ? settings.sketches : []
        isBidirectional = command.bidirectional || settings.isBidirectional
        shards = Dictionary(
            settings.tasks.compactMap { task in task.shards.map { (task.task.name, $0) } }, uniquingKeysWith: { $1 })
        format = command.format ?? settings.report.format.flatMap { OutputFormat(rawValue: $0.rawValue) } ?? .table
        let given = command.top ?? settings.report.top
        isTopGiven = given != nil
        let rows = given ?? (format == .table ? Self.topDefault : 0)
        if rows < 0 { throw ValidationError("--top: \(rows) rows cannot be; 0 means all") }
        top = rows == 0 ? nil : rows
        order = command.sort ?? settings.report.sort.flatMap { RowOrder(rawValue: $0.rawValue) } ?? .bytes
        output = command.output ?? settings.storageRoot
        stores = try command.storing.settings().map { [$0] } ?? Self.stores(settings)
        directories = command.output == nil ? Self.directories(settings) : []
        flowRecords = try command.flowRecords.settings()
        filter = try command.where.map(Self.packetFilter) ?? settings.filter
        tunnels = command.tunnels ?? settings.tunnels ?? .outer
        alerts = settings.alerts
        snapshotInterval = try command.snapshotInterval.map(Self.interval) ?? settings.snapshotIntervalNanoseconds
        // Writers with intervals of their own need snapshots to put together.
        if snapshotInterval == nil {
            let intervals = stores.map(\.interval) + directories.map(\.interval) + [alerts?.checkIntervalNanoseconds]
            snapshotInterval = intervals.compactMap(\.self).min()
        }
        let clock = settings.snapshotClock.flatMap { CaptureSource.SnapshotClock(rawValue: $0.rawValue) }
        snapshotClock = command.snapshotClock ?? clock ?? .capture
        if input.isLive {
            if command.snapshotClock == .capture { throw ValidationError("--snapshot-clock capture: packets are live") }
            snapshotClock = .wall
        }
        isCumulative = command.cumulative || settings.isCumulative
        memoryLimit = try command.maxMemory.map(Self.memory) ?? settings.memoryBytesMax.map { Int(clamping: $0) }
        workers = command.workers ?? settings.workers ?? Machine.processorCount
        if !(1...1024 ~= workers) { throw ValidationError("--workers: \(workers) is not between 1 and 1024") }
        // Each part of a fan-out needs a worker.
        if let given = command.workers, given < input.fanout {
            throw ValidationError("--workers: \(given) are fewer than --fanout \(input.fanout) needs")
        }
        workers = max(workers, input.fanout)
        showsTLS = command.tls
        // Streams are put together in the order of their packets.
        if showsTLS { workers = 1 }
        isExact = command.exact
        isQuiet = command.quiet
    }

    /// What rules share.
    var alertOptions: AlertEngine.Options {
        AlertEngine.Options(
            interval: snapshotInterval, isCumulative: isCumulative, limit: alerts?.limit ?? .allDefault,
            store: stores.first?.location.name, storeInterval: stores.first?.interval ?? 0)
    }

    /// The databases that a settings file names.
    private static func stores(_ settings: Settings) throws -> [StoreSettings] {
        try settings.writers.compactMap { writer in
            guard case .database(let place) = writer.place else { return nil }
            guard let location = StoreLocation(place) else {
                throw Exit.fail(Exit.configuration, "aggregator.writers: a host or database name cannot be one")
            }
            return StoreSettings(
                location: location, retention: writer.keepNanoseconds.map { Retention(keep: $0) },
                interval: writer.intervalNanoseconds, spool: writer.spool)
        }
    }

    private static func directories(_ settings: Settings) -> [DirectorySettings] {
        settings.writers.compactMap { writer in
            guard case .directory(let root) = writer.place else { return nil }
            return DirectorySettings(root: root, interval: writer.intervalNanoseconds)
        }
    }

    /// All rows are kept somewhere.
    var hasStores: Bool { output != nil || !stores.isEmpty || !directories.isEmpty }
    /// Something is written besides standard output, or somebody told.
    var hasOtherOutputs: Bool { hasStores || flowRecords != nil || alerts != nil }

    /// Rows that people get who did not say how many.
    static let topDefault = 10

    static func settings(_ path: String) throws -> Settings {
        let text: [UInt8]
        do throws(SystemFailure) {
            text = try InputFile.contents(of: path, atMost: 1 << 20)
        } catch {
            throw Exit.fail(Exit.cannotOpen, "\(error)")
        }
        do throws(ConfigurationFailure) {
            return try Settings(yaml: text, file: path)
        } catch {
            StandardError.write(
                error.description.split(separator: "\n").map { "netspectra: \($0)\n" }.joined())
            throw Exit.configuration
        }
    }

    private static func tasks(_ command: CountingOptions, _ settings: Settings) throws -> [FlowTask] {
        let given = try command.key.map { text in
            do throws(KeyFieldsFailure) {
                let fields = try KeyFields(parsing: text)
                if command.bidirectional { try fields.requireSymmetry() }
                let name = fields == .fiveTuple ? "five_tuple" : fields.description
                // What the settings say of all tasks holds for keys that have both ends.
                let isBidirectional = command.bidirectional || settings.isBidirectional && fields.isSymmetric
                return FlowTask(name: name, fields: fields, bidirectional: isBidirectional)
            } catch {
                throw ValidationError("--key '\(text)': \(error)")
            }
        }
        for (index, task) in given.enumerated() where given[..<index].contains(where: { $0.name == task.name }) {
            throw ValidationError("--key '\(task.fields)' is given twice")
        }
        guard given.isEmpty else { return given }
        // While one snapshot is written the next fills its tables.
        let isPeriodic =
            command.snapshotInterval != nil || settings.snapshotIntervalNanoseconds != nil
            || settings.alerts?.checkIntervalNanoseconds != nil
        return try settings.tasks.map { task in
            var flowTask = task.task
            if command.bidirectional {
                do throws(KeyFieldsFailure) {
                    try flowTask.fields.requireSymmetry()
                } catch {
                    throw ValidationError("--bidirectional: task \(flowTask.name): \(error)")
                }
                flowTask.bidirectional = true
            }
            flowTask.memoryLimit = task.memoryBytesMax.map { Int(clamping: isPeriodic ? $0 / 2 : $0) }
            return flowTask
        }
    }

    static func packetFilter(_ text: String) throws -> PacketFilter {
        do throws(FilterFailure) {
            return try PacketFilter(parsing: text)
        } catch {
            throw ValidationError("--where: \(error)")
        }
    }

    private static func interval(_ text: String) throws -> Int64 {
        guard let nanoseconds = DurationText.nanoseconds(text), nanoseconds > 0 else {
            throw ValidationError("--snapshot-interval: '\(text)' is no duration; write it like 30s, 5m or 1h30m")
        }
        return nanoseconds
    }

    private static func memory(_ text: String) throws -> Int {
        guard let bytes = ByteCountText.bytes(text), bytes >= 1 << 20 else {
            throw ValidationError("--max-memory: '\(text)' is no size of 1 MiB or more; write it like 512MiB or 2GiB")
        }
        return Int(clamping: bytes)
    }
}
