/// The keys of one group of settings.
struct Keys {
    /// What the group takes, in the order in which errors list it.
    var known: [String]
    /// Keys of Go2NetSpectra's files that mean something we do not do yet, and what that is.
    var later: [String: String] = [:]

    static let top = Keys(
        known: ["aggregator", "output", "redact"],
        later: [
            "probe": "capturing into NATS", "api": "the query server", "ai": "the analysis service",
            "smtp": "mail notifications", "alerter": "alert rules", "clickhouse": "writing to ClickHouse",
        ])

    static let aggregator = Keys(
        known: [
            "num_workers", "size_of_packet_channel", "snapshot_interval", "storage_root_path", "exact_tasks",
            "snapshot_clock", "cumulative", "max_memory", "tunnels", "where", "bidirectional", "type", "exact",
        ],
        later: [
            "sketch": "sketch tasks", "sketch_tasks": "sketch tasks",
            "period": "a measurement period beside the snapshots",
            "types": "several kinds of aggregators at once", "writers": "writers beside the snapshot files",
        ])

    static let exact = Keys(known: ["tasks"], later: ["writers": "writers beside the snapshot files"])

    static let task = Keys(
        known: ["name", "key_fields", "num_shards", "bidirectional"],
        later: [
            "skt_type": "sketch tasks", "flow_fields": "sketch tasks", "element_fields": "sketch tasks",
            "width": "sketch tasks", "depth": "sketch tasks", "size_thereshold": "sketch tasks",
            "count_thereshold": "sketch tasks", "m": "sketch tasks", "size": "sketch tasks", "base": "sketch tasks",
            "b": "sketch tasks",
        ])

    static let redact = Keys(known: ["headers", "query", "json", "mode"])

    static let output = Keys(known: ["format", "sort", "top", "directory"])
}
