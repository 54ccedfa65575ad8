import AppProtocols
import Flows
import Headers

extension Settings {
    /// Reads settings from YAML text.
    /// - Parameter file: the name that errors give.
    /// - Throws: every problem of the file at once, except after a syntax error, which hides what follows.
    public init(yaml text: [UInt8], file: String) throws(ConfigurationFailure) {
        var reader = SettingsReader()
        let settings: Settings
        do throws(YAMLSyntaxFailure) {
            settings = reader.settings(try YAMLReader.read(text))
        } catch {
            let problem = ConfigurationProblem(
                line: error.place.line, column: error.place.column, key: "", message: error.message)
            throw ConfigurationFailure(file: file, problems: [problem])
        }
        guard reader.problems.isEmpty else {
            let inOrder = reader.problems.enumerated().sorted {
                ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
            }
            throw ConfigurationFailure(file: file, problems: inOrder.map(\.element))
        }
        self = settings
    }
}

/// Turns nodes into settings and notes each problem on the way; a setting with a problem keeps its default.
struct SettingsReader {
    var problems: [ConfigurationProblem] = []
    private var writerLists: [(node: YAMLNode, path: String)] = []

    mutating func settings(_ root: YAMLNode?) -> Settings {
        var settings = Settings()
        guard let root, !root.isNull else { return settings }
        let top = mapping(root, "", Keys.top)
        if let node = top["aggregator"] { aggregator(node, &settings) }
        if let node = top["output"] { output(node, &settings) }
        if let node = top["redact"] { redact(node, &settings.redaction) }
        alerts(top, &settings)
        return settings
    }

    private mutating func aggregator(_ node: YAMLNode, _ settings: inout Settings) {
        let path = "aggregator"
        let values = mapping(node, path, Keys.aggregator)
        settings.workers = values["num_workers"].flatMap { integer($0, "\(path).num_workers", 1...1_024) }
        settings.packetQueueLength = values["size_of_packet_channel"].flatMap {
            integer($0, "\(path).size_of_packet_channel", 1...100_000_000)
        }
        settings.snapshotIntervalNanoseconds = values["snapshot_interval"].flatMap {
            duration($0, "\(path).snapshot_interval")
        }
        settings.snapshotClock = values["snapshot_clock"].flatMap { choice($0, "\(path).snapshot_clock") }
        settings.isCumulative = values["cumulative"].flatMap { boolean($0, "\(path).cumulative") } ?? false
        if let period = values["period"] { check(period: period, "\(path).period", settings) }
        settings.storageRoot = values["storage_root_path"].flatMap { pathText($0, "\(path).storage_root_path") }
        settings.memoryBytesMax = values["max_memory"].flatMap { byteCount($0, "\(path).max_memory") }
        settings.tunnels = values["tunnels"].flatMap { choice($0, "\(path).tunnels") }
        settings.filter = values["where"].flatMap { filter($0, "\(path).where") }
        settings.isBidirectional = values["bidirectional"].flatMap { boolean($0, "\(path).bidirectional") } ?? false
        add(writersOf: values, path)
        tasks(values, bidirectional: settings.isBidirectional, &settings)
        settings.writers = writers(writerLists)
    }

    /// After this time Go2NetSpectra begins to count anew, as its snapshots go on from each other. Here each begins
    /// anew by itself, so there is nothing left to do, unless they are to go on.
    private mutating func check(period: YAMLNode, _ path: String, _ settings: Settings) {
        guard duration(period, path) != nil, settings.isCumulative else { return }
        note(period, path, "cumulative snapshots go on to the end of the run; without it each begins anew")
    }

    /// A list that stands in `aggregator`, or beside the tasks of one kind.
    private mutating func add(writersOf values: [String: YAMLNode], _ path: String) {
        if let node = values["writers"] { writerLists.append((node, "\(path).writers")) }
    }

    /// Phase 1 of the original has `exact_tasks`, its later files `exact: {tasks: …}`.
    private mutating func tasks(_ values: [String: YAMLNode], bidirectional: Bool, _ settings: inout Settings) {
        var list = values["exact_tasks"].map { (node: $0, path: "aggregator.exact_tasks") }
        if let exact = values["exact"] {
            let inner = mapping(exact, "aggregator.exact", Keys.exact)
            add(writersOf: inner, "aggregator.exact")
            if let tasks = inner["tasks"] {
                if list != nil {
                    note(tasks, "aggregator.exact.tasks", "the tasks stand in aggregator.exact_tasks already")
                } else {
                    list = (tasks, "aggregator.exact.tasks")
                }
            }
        }
        if let list { settings.tasks = tasks(list.node, list.path, bidirectional: bidirectional) }
        if let sketches = sketchList(values) {
            settings.sketches = sketchTasks(sketches.node, sketches.path, taken: settings.tasks)
        }
        let kinds = aggregatorKinds(values)
        if !kinds.contains("exact") { settings.tasks = [] }
        if !kinds.contains("sketch") { settings.sketches = [] }
    }

    private mutating func sketchList(_ values: [String: YAMLNode]) -> (node: YAMLNode, path: String)? {
        let list = values["sketch_tasks"].map { (node: $0, path: "aggregator.sketch_tasks") }
        guard let sketch = values["sketch"] else { return list }
        let inner = mapping(sketch, "aggregator.sketch", Keys.exact)
        add(writersOf: inner, "aggregator.sketch")
        guard let tasks = inner["tasks"] else { return list }
        if list != nil {
            note(tasks, "aggregator.sketch.tasks", "the tasks stand in aggregator.sketch_tasks already")
        }
        return list ?? (tasks, "aggregator.sketch.tasks")
    }

    /// `type: exact`, or `types: [exact, sketch]`: which of the file's tasks run. All, where it does not say.
    private mutating func aggregatorKinds(_ values: [String: YAMLNode]) -> [String] {
        let all = ["exact", "sketch"]
        if let type = values["type"] {
            if let types = values["types"] { note(types, "aggregator.types", "aggregator.type says it already") }
            return choice(type, "aggregator.type", all).map { [$0] } ?? all
        }
        guard let types = values["types"] else { return all }
        let items = sequence(types, "aggregator.types", of: "kinds") ?? []
        return items.enumerated().compactMap { choice($1, "aggregator.types[\($0)]", all) }
    }

    private mutating func output(_ node: YAMLNode, _ settings: inout Settings) {
        let values = mapping(node, "output", Keys.output)
        settings.report.format = values["format"].flatMap { choice($0, "output.format") }
        settings.report.sort = values["sort"].flatMap { choice($0, "output.sort") }
        settings.report.top = values["top"].flatMap { integer($0, "output.top", 0...1_000_000_000) }
        guard let directory = values["directory"] else { return }
        if settings.storageRoot != nil {
            note(directory, "output.directory", "aggregator.storage_root_path names the directory already")
        }
        settings.storageRoot = pathText(directory, "output.directory")
    }
}
