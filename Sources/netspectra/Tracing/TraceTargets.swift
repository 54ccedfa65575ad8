import KernelIO
import Probes

/// The files that a trace probes: those that the user names, or the libraries that are found, now and later.
struct TraceTargets {
    private let finder: LibraryFinder
    private let named: [String]
    /// They must exist.
    private let pids: [UInt32]
    /// What could not be probed: a sentence each.
    private(set) var problems: [String] = []
    private var nextSearch: Int64 = 0
    private var failed: Set<FileIdentity> = []

    /// Processes that come later are looked for this often; never for more than a fiftieth of the time.
    private static let searchNanoseconds: Int64 = 1_000_000_000
    private static let searchShare: Int64 = 50
    private static let problemsMax = 16

    /// - Parameters:
    ///   - pids: only what these processes use; empty: what any uses.
    ///   - withChildren: what children will use is not known, so everything is probed.
    ///   - files: named by the user; empty: all that are found.
    init(_ modules: [ProbeModule], pids: [UInt32], withChildren: Bool, files: [String]) {
        finder = LibraryFinder(modules, pids: withChildren ? [] : pids)
        self.pids = pids
        named = files
    }

    private var libraryNames: String {
        finder.modules.filter { !$0.isHelper }.flatMap(\.libraries).joined(separator: " or ")
    }

    /// Says what is missing before anything is asked of the kernel.
    func check() throws(ProbeFailure) {
        for path in named { _ = try finder.named(path) }
        for pid in pids where !FileTree.exists("/proc/\(pid)") {
            throw ProbeFailure(.unavailable, "there is no process \(pid): looked for /proc/\(pid)")
        }
        guard named.isEmpty else { return }
        let found = finder.find()
        guard found.files.isEmpty else { return }
        let looked =
            finder.pids.isEmpty
            ? "in \(found.processes) processes and in \(LoaderCache.path)"
            : "in the mappings of process \(finder.pids.map { "\($0)" }.joined(separator: ", "))"
        if found.refused > 0 {
            throw ProbeFailure(
                .permission,
                "no \(libraryNames) was found \(looked), and \(found.refused) processes may not be looked into: "
                    + Self.advice)
        }
        if let path = found.unreachable.first {
            throw ProbeFailure(
                .permission, "\(path) cannot be reached: \(Self.advice)")
        }
        if let path = found.deleted.first { throw ProbeFailure(.permission, Self.deletedText(path)) }
        throw ProbeFailure(
            .unavailable,
            "no \(libraryNames) was found \(looked). Name the file: --library for a library, --binary for a program "
                + "that has it inside")
    }

    private static let advice =
        "run as root (sudo), or with CAP_SYS_PTRACE for other users' processes and CAP_DAC_READ_SEARCH for "
        + "their folders"

    private static func deletedText(_ path: String) -> String {
        "\(path) was removed or replaced since processes started that go on with it: restart them, run as root "
            + "(sudo), or with CAP_SYS_PTRACE and CAP_CHECKPOINT_RESTORE"
    }

    /// Probes what is there now.
    mutating func attachFirst(to session: ProbeSession) throws(ProbeFailure) {
        if named.isEmpty {
            var first: ProbeFailure?
            let found = finder.find()
            for path in found.unreachable.prefix(Self.problemsMax) {
                problems.append(
                    "not traced: \(path) cannot be reached: \(Self.advice)")
            }
            problems += found.deleted.prefix(Self.problemsMax).map { "not traced: " + Self.deletedText($0) }
            for file in found.files {
                do throws(ProbeFailure) {
                    _ = try session.attach(file)
                } catch {
                    // One file that may not be read does not mean that no other may.
                    note(file, error)
                    first = first ?? error
                }
            }
            if Self.givesNothing(session), let first { throw first }
        }
        for path in named { try attach(named: path, to: session) }
        guard Self.givesNothing(session) else { return }
        let sources = finder.modules.filter { !$0.isHelper }.flatMap(\.libraries)
        throw ProbeFailure(
            .unavailable,
            "\(session.attachments.map(\.file.shownPath).joined(separator: " and ")) alone gives nothing: also needed "
                + "is what derives the keys, \(sources.joined(separator: " or "))")
    }

    private static func givesNothing(_ session: ProbeSession) -> Bool {
        session.attachments.allSatisfy(\.file.module.isHelper)
    }

    /// A file belongs to the modules whose functions it has.
    private func attach(named path: String, to session: ProbeSession) throws(ProbeFailure) {
        var reasons: [String] = []
        var isAttached = false
        for file in try finder.named(path) {
            do throws(ProbeFailure) {
                if try session.attach(file) != nil { isAttached = true }
            } catch {
                if error.kind == .permission { throw error }
                reasons.append(error.message)
            }
        }
        if !isAttached { throw ProbeFailure(.unavailable, reasons.joined(separator: "\n")) }
    }

    private mutating func note(_ file: TracedFile, _ failure: ProbeFailure) {
        guard failed.insert(file.identity).inserted, problems.count < Self.problemsMax else { return }
        problems.append("not traced: \(failure.message)")
    }

    /// Probes libraries that have appeared since, at most once a second.
    /// - Returns: what is new, a sentence each.
    mutating func attachNew(to session: ProbeSession) -> [String] {
        let start = Clock.monotonicNanoseconds
        guard named.isEmpty, start >= nextSearch else { return [] }
        var notes: [String] = []
        for file in finder.find().files where !failed.contains(file.identity) {
            do throws(ProbeFailure) {
                if let new = try session.attach(file) { notes.append("also tracing \(Self.line(new))") }
            } catch {
                note(file, error)
                notes.append("not traced: \(error.message)")
            }
        }
        let end = Clock.monotonicNanoseconds
        nextSearch = end + max(Self.searchNanoseconds, (end - start) * Self.searchShare)
        return notes
    }

    // MARK: - Texts

    func summary(_ session: ProbeSession) -> String {
        let files = session.attachments.count
        return "tracing \(files) \(files == 1 ? "library" : "libraries"): "
            + session.attachments.map { $0.file.shownPath }.joined(separator: ", ")
    }

    private static func line(_ attachment: ProbeSession.Attachment) -> String {
        "\(attachment.file.shownPath) (\(attachment.file.module.name), \(attachment.functions.count) functions)"
    }

    /// What is attached where, for people.
    static func listing(_ attachments: [ProbeSession.Attachment]) -> String {
        attachments.map { attachment in
            let file = attachment.file
            var lines = [line(attachment), "    probed: \(attachment.functions.joined(separator: " "))"]
            if !attachment.missing.isEmpty {
                lines.append("    not there: \(attachment.missing.joined(separator: " "))")
            }
            let pids = file.pids.map { "\($0)" }.joined(separator: " ")
            lines.append("    processes: \(pids.isEmpty ? "none yet" : pids)")
            return lines.joined(separator: "\n") + "\n"
        }.joined()
    }
}
