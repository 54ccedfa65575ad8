import ArgumentParser
import Configuration
import KernelIO
import Outputs
import Storage

/// What a run that captures gives up once its interfaces are open: see docs/security.md.
struct AnalysisConfinement {
    /// Files and directories that are written after that.
    private(set) var paths: [String]
    /// Alerts run programs.
    private let runsPrograms: Bool
    private let kept: Set<Capability>

    /// Where SQLite puts what it sorts.
    private static var temporaryDirectories: [String] {
        ["SQLITE_TMPDIR", "TMPDIR"].compactMap(Terminal.environment) + ["/var/tmp", "/tmp"]
    }

    init(_ options: AnalysisOptions) {
        let notifiers = options.alerts?.notifiers.map(\.kind) ?? []
        paths = options.directories.map(\.root) + options.stores.compactMap(\.spool)
        if let output = options.output { paths.append(output) }
        if let file = options.flowRecords?.file, file != "-" { paths.append(file) }
        for case .log(let path?) in notifiers { paths.append(path) }
        for case .sqlite(let path) in options.stores.map(\.location) {
            paths += [path] + Self.temporaryDirectories
        }
        runsPrograms = notifiers.contains { if case .command = $0 { true } else { false } }
        // Linux before 5.19 asks for it whenever sockets are looked at again.
        kept = options.showsProcesses ? [.bpf] : []
    }

    /// Before there is a second thread: others keep what they have.
    func enter() throws(ExitCode) {
        do throws(SystemFailure) {
            try Sandbox.enter(keeping: kept, writing: paths, runsPrograms: runsPrograms)
        } catch {
            throw Exit.fail(Exit.system, "\(error); --no-sandbox goes on with all privileges")
        }
    }
}
