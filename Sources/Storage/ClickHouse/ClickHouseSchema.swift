/// The tables of a ClickHouse database, in the dialect of the server. docs/storage.md describes them.
enum ClickHouseSchema {
    /// Before 20, servers know neither codecs nor TTL.
    struct Dialect: Equatable {
        var isModern: Bool

        /// - Parameter version: such as `18.16.1` or `26.9.2.1`.
        init(version: String) { isModern = (Int(version.prefix { $0 != "." }) ?? 0) >= 20 }
    }

    /// What leads from each version to the next; the first creates everything.
    static func migrations(_ dialect: Dialect) -> [[String]] {
        func codec(_ text: String) -> String { dialect.isModern ? " CODEC(\(text))" : "" }
        let family = "family UInt8"
        func address(_ end: String) -> String {
            let octets = "concat(\(words(end + "_high")), \(words(end + "_low")))"
            return """
                \(end)_high UInt64, \(end)_low UInt64,
                \(end)_ip String ALIAS if(family = 4, IPv4NumToString(toUInt32(\(end)_low)),
                    if(family = 6, IPv6NumToString(toFixedString(\(octets), 16)), '')),
                """
        }
        // An attempt that was not completed leaves rows whose token no snapshot names: those are never counted.
        let rows = """
            CREATE TABLE IF NOT EXISTS flow_rows (
                day Date, time Int64\(codec("Delta, ZSTD")), token UInt64\(codec("ZSTD")), \(family),
                \(address("src")) \(address("dst"))
                src_port UInt16, dst_port UInt16, protocol UInt8, vlan UInt16,
                packets UInt64\(codec("T64, ZSTD")), bytes UInt64\(codec("T64, ZSTD")),
                reverse_packets UInt64\(codec("T64, ZSTD")), reverse_bytes UInt64\(codec("T64, ZSTD")),
                first_seen Int64\(codec("Delta, ZSTD")), last_seen Int64\(codec("Delta, ZSTD")),
                tcp_flags UInt8, reverse_tcp_flags UInt8, exactness UInt8, packets_bound UInt64, bytes_bound UInt64)
            ENGINE = MergeTree PARTITION BY day ORDER BY (time, token) SETTINGS index_granularity = 8192
            """
        // One row per snapshot, inserted last: its mark of completion. Of two with one id, which an unclear answer to
        // the first may leave, one counts. `replaced` names snapshots that were merged into this one.
        let snapshots = """
            CREATE TABLE IF NOT EXISTS snapshots (
                day Date, id UInt64, run UInt64, run_started Int64, run_source String, run_cumulative UInt8,
                number UInt64, time Int64, level UInt8, tasks Array(String), fields Array(String),
                bidirectional Array(UInt8), rows Array(UInt64), packets Array(UInt64), bytes Array(UInt64),
                evicted_flows Array(UInt64), other Array(UInt8), other_packets Array(UInt64),
                other_bytes Array(UInt64), other_reverse_packets Array(UInt64), other_reverse_bytes Array(UInt64),
                other_first_seen Array(Int64), other_last_seen Array(Int64), other_tcp_flags Array(UInt8),
                other_reverse_tcp_flags Array(UInt8), token_tasks Array(UInt32), tokens Array(UInt64),
                replaced Array(UInt64))
            ENGINE = MergeTree PARTITION BY day ORDER BY (time, id) SETTINGS index_granularity = 8192
            """
        let ledger = """
            CREATE TABLE IF NOT EXISTS ledger (
                day Date, run UInt64, run_started Int64, run_source String, run_cumulative UInt8, stage UInt32,
                name String, unit String, kind String, cause String, count UInt64, position UInt64)
            ENGINE = MergeTree PARTITION BY day ORDER BY (run, stage, position) SETTINGS index_granularity = 8192
            """
        // What is sent again is the same row of the same snapshot, and replaces itself.
        let sketches = """
            CREATE TABLE IF NOT EXISTS sketch_rows (
                day Date, snapshot UInt64, task String, position UInt32, sketch String, src_ip Nullable(String),
                dst_ip Nullable(String), src_port Nullable(UInt64), dst_port Nullable(UInt64),
                protocol Nullable(UInt64), vlan Nullable(UInt64), packets Nullable(UInt64),
                packets_bound Nullable(UInt64), bytes Nullable(UInt64), bytes_bound Nullable(UInt64),
                spread Nullable(UInt64), spread_bound Nullable(UInt64), confidence Float64, keys_dropped UInt64)
            ENGINE = ReplacingMergeTree PARTITION BY day ORDER BY (snapshot, task, position)
            SETTINGS index_granularity = 8192
            """
        // Numbers of processes are those of a block of rows, which its token names.
        let processes = """
            CREATE TABLE IF NOT EXISTS processes (
                day Date, token UInt64, id UInt32, pid UInt32, uid UInt32, comm String, cgroup String)
            ENGINE = MergeTree PARTITION BY day ORDER BY (token, id) SETTINGS index_granularity = 8192
            """
        let columns = ["process", "peer_process"].map { "ALTER TABLE flow_rows ADD COLUMN \($0) UInt32" }
        return [[rows, snapshots, ledger], [sketches], [processes] + columns]
    }

    /// The eight octets of a number in network order.
    private static func words(_ column: String) -> String {
        "reverse(toString(toFixedString(reinterpretAsString(\(column)), 8)))"
    }
}
