/// The tables of an SQLite database, and how an older one becomes one of today's. docs/storage.md describes them. What
/// keeps the versions has the name that GRDB, which wrote the first files, gave it.
enum SQLiteSchema {
    /// «NSpe»: tells files of this program from others (PRAGMA application_id).
    static let applicationID: Int64 = 0x4E53_7065

    /// The versions of the tables, in order: by what name a database says that it has them, and what makes them of the
    /// one before.
    private static let versions = [
        ("1 snapshots", version1), ("2 sketches", version2), ("3 processes", version3),
    ]

    /// Brings the tables up to date; several processes may try at once.
    static func update(_ database: SQLiteConnection) throws {
        try database.execute("CREATE TABLE IF NOT EXISTS grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
        for (name, statements) in versions {
            // Another process may be storing, for whom nobody waits to find that there is nothing to do.
            if try applied(database).contains(name) { continue }
            try database.write {
                if try applied(database).contains(name) { return }
                try database.execute(statements)
                try database.run("INSERT INTO grdb_migrations VALUES (?)", [name])
            }
        }
    }

    /// A later version of this program has made tables that this one does not know.
    static func isNewer(_ database: SQLiteConnection) throws -> Bool {
        let known = versions.map { name, _ in name }
        return try database.hasTable("grdb_migrations") && !applied(database).allSatisfy(known.contains)
    }

    private static func applied(_ database: SQLiteConnection) throws -> [String] {
        var names: [String] = []
        try database.forEach("SELECT identifier FROM grdb_migrations") { names.append($0.text(0)) }
        return names
    }

    /// Rows have no index: a snapshot's rows of one task lie side by side, and `row_ranges` says where. So adding them
    /// costs one page after the other, and reading a range of time touches nothing else.
    private static let version1 = """
        PRAGMA application_id = \(applicationID);
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY, started INTEGER NOT NULL, source TEXT NOT NULL, cumulative INTEGER NOT NULL);
        CREATE TABLE tasks (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL, fields TEXT NOT NULL, bidirectional INTEGER NOT NULL,
            UNIQUE (name, fields, bidirectional));
        CREATE TABLE snapshots (
            id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs, number INTEGER NOT NULL,
            time INTEGER NOT NULL, level INTEGER NOT NULL, complete INTEGER NOT NULL);
        CREATE INDEX snapshots_by_time ON snapshots (time);
        CREATE INDEX snapshots_by_run ON snapshots (run, number);
        CREATE TABLE results (
            snapshot INTEGER NOT NULL REFERENCES snapshots, task INTEGER NOT NULL REFERENCES tasks,
            rows INTEGER NOT NULL, packets INTEGER NOT NULL, bytes INTEGER NOT NULL,
            evicted_flows INTEGER NOT NULL, other_packets INTEGER, other_bytes INTEGER,
            other_reverse_packets INTEGER, other_reverse_bytes INTEGER, other_first_seen INTEGER,
            other_last_seen INTEGER, other_tcp_flags INTEGER, other_reverse_tcp_flags INTEGER,
            PRIMARY KEY (snapshot, task)) WITHOUT ROWID;
        CREATE TABLE row_ranges (
            snapshot INTEGER NOT NULL REFERENCES snapshots, task INTEGER NOT NULL REFERENCES tasks,
            first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (snapshot, task, first)) WITHOUT ROWID;
        CREATE TABLE rows (
            id INTEGER PRIMARY KEY, src_ip BLOB, dst_ip BLOB, src_port INTEGER, dst_port INTEGER, protocol INTEGER,
            vlan INTEGER, packets INTEGER NOT NULL, bytes INTEGER NOT NULL, reverse_packets INTEGER NOT NULL,
            reverse_bytes INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
            tcp_flags INTEGER NOT NULL, reverse_tcp_flags INTEGER NOT NULL, exactness INTEGER NOT NULL,
            packets_bound INTEGER NOT NULL, bytes_bound INTEGER NOT NULL);
        CREATE TABLE ledger (
            run INTEGER NOT NULL REFERENCES runs, stage INTEGER NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL,
            kind TEXT NOT NULL, cause TEXT NOT NULL, count INTEGER NOT NULL);
        CREATE INDEX ledger_by_run ON ledger (run);
        CREATE VIEW flows AS
            SELECT snapshots.time AS snapshot, snapshots.level, tasks.name AS task, rows.*
            FROM snapshots JOIN row_ranges ON row_ranges.snapshot = snapshots.id
            JOIN tasks ON tasks.id = row_ranges.task
            JOIN rows ON rows.id BETWEEN row_ranges.first AND row_ranges.last
            WHERE snapshots.complete;
        """

    /// Of each result of a sketch, the row at position 0 is about all keys: the totals, and how many differ.
    private static let version2 = """
        CREATE TABLE sketch_rows (
            snapshot INTEGER NOT NULL REFERENCES snapshots, task TEXT NOT NULL, position INTEGER NOT NULL,
            sketch TEXT NOT NULL, src_ip TEXT, dst_ip TEXT, src_port INTEGER, dst_port INTEGER, protocol INTEGER,
            vlan INTEGER, packets INTEGER, packets_bound INTEGER, bytes INTEGER, bytes_bound INTEGER, spread INTEGER,
            spread_bound INTEGER, confidence REAL NOT NULL, keys_dropped INTEGER NOT NULL,
            PRIMARY KEY (snapshot, task, position)) WITHOUT ROWID;
        """

    /// Numbers of processes are those of a snapshot's task: `ProcessNumbers`. Rows from before have none: unknown.
    private static let version3 = """
        CREATE TABLE processes (
            snapshot INTEGER NOT NULL REFERENCES snapshots, task INTEGER NOT NULL REFERENCES tasks,
            id INTEGER NOT NULL, pid INTEGER NOT NULL, uid INTEGER NOT NULL, comm TEXT NOT NULL, cgroup TEXT NOT NULL,
            PRIMARY KEY (snapshot, task, id)) WITHOUT ROWID;
        ALTER TABLE rows ADD COLUMN process INTEGER;
        ALTER TABLE rows ADD COLUMN peer_process INTEGER;
        DROP VIEW flows;
        CREATE VIEW flows AS
            SELECT snapshots.time AS snapshot, snapshots.level, tasks.name AS task, rows.*,
                own.pid, own.comm, own.uid, own.cgroup,
                peer.pid AS peer_pid, peer.comm AS peer_comm, peer.uid AS peer_uid, peer.cgroup AS peer_cgroup
            FROM snapshots JOIN row_ranges ON row_ranges.snapshot = snapshots.id
            JOIN tasks ON tasks.id = row_ranges.task
            JOIN rows ON rows.id BETWEEN row_ranges.first AND row_ranges.last
            LEFT JOIN processes AS own ON own.snapshot = snapshots.id AND own.task = tasks.id AND own.id = rows.process
            LEFT JOIN processes AS peer
                ON peer.snapshot = snapshots.id AND peer.task = tasks.id AND peer.id = rows.peer_process
            WHERE snapshots.complete;
        """
}
