/// The keys of one group of settings.
struct Keys {
    /// What the group takes, in the order in which errors list it.
    var known: [String]
    /// Keys of Go2NetSpectra's files that mean something we do not do yet, and what that is.
    var later: [String: String] = [:]

    static let top = Keys(
        known: ["aggregator", "output", "redact", "alerts", "alerter", "smtp"],
        later: [
            "probe": "capturing into NATS", "api": "the query server", "ai": "the analysis service",
            "clickhouse": "writing to ClickHouse",
        ])

    static let aggregator = Keys(
        known: [
            "num_workers", "size_of_packet_channel", "snapshot_interval", "storage_root_path", "exact_tasks",
            "sketch_tasks", "snapshot_clock", "cumulative", "max_memory", "tunnels", "where", "bidirectional", "type",
            "types", "exact", "sketch", "writers", "period",
        ])

    static let exact = Keys(known: ["tasks", "writers"])

    static let writer = Keys(
        known: ["type", "enabled", "snapshot_interval", "directory", "sqlite", "clickhouse", "gob"])
    static let directoryWriter = Keys(known: ["root_path"])
    static let sqliteWriter = Keys(known: ["path", "keep"])
    static let clickHouseWriter = Keys(
        known: ["host", "port", "database", "username", "password", "secure", "keep", "spool"])

    static let task = Keys(known: ["name", "key_fields", "num_shards", "bidirectional", "memory"])

    static let sketchTask = Keys(known: [
        "name", "skt_type", "flow_fields", "element_fields", "width", "depth", "size_thereshold", "count_thereshold",
        "m", "size", "base", "b", "error", "confidence", "counters", "precision", "conservative", "seed", "key",
        "key_fields", "elementkey", "size_threshold", "count_threshold",
    ])

    static let redact = Keys(known: ["headers", "query", "json", "mode"])

    static let output = Keys(known: ["format", "sort", "top", "directory"])

    static let alerts = Keys(known: ["rules", "notifiers", "limit", "enabled", "check_interval", "ai_analysis"])

    static let alertRule = Keys(known: [
        "name", "task", "when", "where", "group", "limit", "notify", "task_name", "metric", "operator", "threshold",
    ])

    static let notifier = Keys(
        known: ["name", "type", "timeout", "tries", "queue", "url", "headers", "body", "command", "path"] + smtp.known)

    static let smtp = Keys(known: ["host", "port", "user", "username", "password", "from", "to", "tls"])

    static let analysis = Keys(known: ["enabled", "service_addr"])
}
