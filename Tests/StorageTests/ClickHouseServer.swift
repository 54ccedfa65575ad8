import Foundation
import KernelIO
import Storage
import TestSupport

/// A ClickHouse server of the test's own: on loopback, with a configuration and data of its own.
final class ClickHouseServer: @unchecked Sendable {
    static let program: String? = ["/usr/sbin/clickhouse-server", "/usr/bin/clickhouse-server"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
    static var isInstalled: Bool { program != nil }

    /// Debian's server is of 2018. One of today is had as the library chdb, from PyPI.
    enum Kind: Sendable { case server, modern }

    /// A Python that has chdb.
    static let python = ProcessInfo.processInfo.environment["NETSPECTRA_CHDB_PYTHON"]
    static var kinds: [Kind] { (isInstalled ? [.server] : []) + (python == nil ? [] : [.modern]) }

    let folder: String
    let port: Int
    private let kind: Kind
    private var process: Process?

    /// Starts it, and waits until it answers.
    init(folder: String, _ kind: Kind = .server) throws {
        self.folder = folder
        self.kind = kind
        port = try Self.freePort()
        if kind == .server { try configure() }
        try start()
    }

    private func configure() throws {
        let other = try Self.freePort()
        // A name that no key of a later version has: 18.16 wants `yandex`, and later ones take it.
        let configuration = """
            <yandex><logger><level>warning</level><log>\(folder)/log</log><errorlog>\(folder)/errors</errorlog></logger>
            <listen_host>127.0.0.1</listen_host><http_port>\(port)</http_port><tcp_port>\(other)</tcp_port>
            <path>\(folder)/data/</path><tmp_path>\(folder)/tmp/</tmp_path><users_config>users.xml</users_config>
            <default_profile>default</default_profile><default_database>default</default_database>
            <mark_cache_size>67108864</mark_cache_size></yandex>
            """
        let users = """
            <yandex><profiles><default></default></profiles><quotas><default></default></quotas><users><tester>
            <password>p@ss:word</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
            <quota>default</quota></tester></users></yandex>
            """
        try configuration.write(toFile: folder + "/config.xml", atomically: true, encoding: .utf8)
        try users.write(toFile: folder + "/users.xml", atomically: true, encoding: .utf8)
    }

    var address: String { "clickhouse://tester:p%40ss%3Aword@127.0.0.1:\(port)/flows" }

    func store(
        _ access: SQLiteStore.Access = .write, spool: String? = nil, blockRows: Int = 250_000
    ) throws -> ClickHouseStore {
        guard case .clickHouse(let address) = StoreLocation(address) else { throw Failure(text: "no address") }
        return try ClickHouseStore(address, access: access, spool: spool, blockRows: blockRows, timeout: 20_000)
    }

    func start() throws {
        let process = Process()
        switch kind {
        case .server:
            // Under a shell, as the server closes every descriptor it inherits: Foundation takes that for its end,
            // waits until it really ends, and tells of no other process's end meanwhile.
            // And bash, as threads of tests block signals, and the wait of others is for SIGCHLD.
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = [
                "-c", "\"$1\" --config-file=config.xml & echo $! > pid; wait", "bash", Self.program!,
            ]
        case .modern:
            process.executableURL = URL(filePath: Self.python!)
            let program = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "modern-clickhouse.py")
            process.arguments = [program.path, String(port), folder + "/data"]
        }
        process.currentDirectoryURL = URL(filePath: folder)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        for _ in 0..<300 {
            if (try? store(.read)) != nil { return }
            Thread.sleep(forTimeInterval: 0.1)
        }
        stop()
        throw Failure(
            text:
                "no answer: \((try? String(contentsOfFile: folder + "/errors", encoding: .utf8)) ?? "")"
        )
    }

    /// At once, as if its machine had failed.
    func stop() {
        guard let process else { return }
        let server = try? String(contentsOfFile: folder + "/pid", encoding: .utf8)
        let child = server.flatMap { pid_t($0.trimmingCharacters(in: .newlines)) }
        kill(child ?? process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
        try? FileManager.default.removeItem(atPath: folder + "/pid")
    }

    struct Failure: Error { var text: String }

    /// A port that nobody listens on.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // SAFETY: bind(2) reads and getsockname(2) fills `address` during the calls, of the size that is given.
        let port: UInt16? = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard unsafe bind(descriptor, generic, length) == 0 else { return nil }
                guard unsafe getsockname(descriptor, generic, &length) == 0 else { return nil }
                return 0
            }
        }
        guard port != nil else { throw Failure(text: "no port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Changes something, as another program would: with curl.
    func execute(_ statement: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "curl", "-sS", "--max-time", "60", "--fail-with-body", "-u", "tester:p@ss:word",
            "http://127.0.0.1:\(port)/?database=flows", "--data-binary", statement,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw Failure(text: "\(statement): \(text)") }
    }

    /// Runs `body` with a server, and ends that.
    static func with<Result>(_ kind: Kind = .server, _ body: (ClickHouseServer) throws -> Result) throws -> Result {
        try Golden.withTemporaryDirectory { folder in
            let server = try ClickHouseServer(folder: folder, kind)
            defer { server.stop() }
            return try body(server)
        }
    }

    /// Runs `body` with two databases that are to answer the same: a file, and a server's.
    static func withBoth<Result>(
        _ kind: Kind, blockRows: Int = 250_000, _ body: (SQLiteStore, ClickHouseStore) throws -> Result
    ) throws -> Result {
        try with(kind) { server in
            try Golden.withTemporaryDirectory { folder in
                let file = try SQLiteStore(path: folder + "/x.db", access: .write)
                return try body(file, server.store(blockRows: blockRows))
            }
        }
    }
}
