import KernelIO

/// Finds the libraries of modules: those that running processes have mapped, in every mount namespace, and those that
/// the dynamic loader would give to the next process.
public struct LibraryFinder: Sendable {
    public let modules: [ProbeModule]
    /// Only in these processes; empty: in all.
    public let pids: [UInt32]

    private static let mapsOctets = 256 << 10
    private static let mapsOctetsMax = 16 << 20

    public init(_ modules: [ProbeModule], pids: [UInt32] = []) {
        self.modules = modules
        self.pids = pids
    }

    /// How many processes were looked into by the last search, and how many did not let us.
    public struct Outcome: Sendable {
        public var files: [TracedFile] = []
        public var processes = 0
        public var refused = 0
        /// Libraries of processes that are there and cannot be reached: they lie in folders of other users.
        public var unreachable: [String] = []
        /// Libraries that were removed or replaced since processes started that go on with them, and that only more
        /// privilege leads to.
        public var deleted: [String] = []
        /// Processes that were asked for and do not exist.
        public var absent: [UInt32] = []
    }

    public func find() -> Outcome {
        var outcome = Outcome()
        for pid in pids.isEmpty ? Self.runningProcesses() : pids { look(into: pid, &outcome) }
        if pids.isEmpty { lookIntoLoaderCache(&outcome) }
        return outcome
    }

    static func runningProcesses() -> [UInt32] {
        let names = (try? FileTree.names(in: "/proc")) ?? []
        return names.compactMap { UInt32($0) }.sorted()
    }

    private func look(into pid: UInt32, _ outcome: inout Outcome) {
        let text: [UInt8]
        do throws(SystemFailure) {
            text = try Self.contents("/proc/\(pid)/maps")
        } catch {
            if error.errno == 2 || error.errno == 3 {  // ENOENT, ESRCH: it is gone
                if !pids.isEmpty { outcome.absent.append(pid) }
            } else {
                outcome.refused += 1
            }
            return
        }
        outcome.processes += 1
        for mapping in ProcessMaps.executables(in: text) {
            add(mapping.path, shownPath: mapping.shownPath, at: mapping.location(in: pid), pid, &outcome)
        }
        if !pids.isEmpty { addProgram(of: pid, &outcome) }
    }

    /// A module that is part of programs is looked for in those of the processes that were asked for: looking into the
    /// symbols of all takes too long.
    private func addProgram(of pid: UInt32, _ outcome: inout Outcome) {
        let path = "/proc/\(pid)/exe"
        guard let held = try? HeldFile(path: path) else { return }
        let shownPath = FileTree.linkTarget(path) ?? path
        for module in modules where module.isInPrograms {
            if let known = outcome.files.firstIndex(where: { $0.identity == held.identity && $0.module == module }) {
                outcome.files[known].pids.append(pid)
                continue
            }
            let file = TracedFile(held, shownPath: shownPath, module: module, pids: [pid])
            if TracedFile.isNative(held.path) == true, (try? ProbeSites(of: file)) != nil {
                outcome.files.append(file)
            }
        }
    }

    /// The size of a file in /proc is not told before it is read.
    private static func contents(_ path: String) throws(SystemFailure) -> [UInt8] {
        do throws(SystemFailure) {
            return try InputFile.contents(of: path, atMost: mapsOctets)
        } catch {
            guard error.errno == 27 else { throw error }  // EFBIG
            return try InputFile.contents(of: path, atMost: mapsOctetsMax)
        }
    }

    private func lookIntoLoaderCache(_ outcome: inout Outcome) {
        guard let octets = try? InputFile.contents(of: LoaderCache.path, atMost: Self.mapsOctetsMax) else { return }
        for path in LoaderCache.libraries(in: octets) { add(path, shownPath: path, at: path, nil, &outcome) }
    }

    private func add(
        _ path: String, shownPath: String, at location: String, _ pid: UInt32?, _ outcome: inout Outcome
    ) {
        let fileName = path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...]
        guard let module = modules.first(where: { $0.matches(fileName: fileName) }) else { return }
        if let identity = FileIdentity(of: location),
            let known = outcome.files.firstIndex(where: { $0.identity == identity })
        {
            if let pid { outcome.files[known].pids.append(pid) }
            return
        }
        do throws(SystemFailure) {
            // From here on it does not matter whether the process ends.
            let held = try HeldFile(path: location)
            guard TracedFile.isNative(held.path) == true else { return }
            outcome.files.append(TracedFile(held, shownPath: shownPath, module: module, pids: pid.map { [$0] } ?? []))
        } catch {
            guard let pid, !Self.hasEnded(pid) else { return }
            if shownPath == path {
                if !outcome.unreachable.contains(path) { outcome.unreachable.append(path) }
            } else if !outcome.deleted.contains(path) {
                outcome.deleted.append(path)
            }
        }
    }

    /// The root folder of a process, which may lie in another mount namespace.
    static func root(of pid: UInt32) -> String { "/proc/\(pid)/root" }

    /// Whether a process that was there is gone, or waits for nothing but to be reaped: it has no root then.
    static func hasEnded(_ pid: UInt32) -> Bool {
        do throws(SystemFailure) {
            _ = try InputFile(path: root(of: pid))
        } catch {
            // A folder cannot be read as a file, which is another error.
            return error.errno == 2 || error.errno == 3  // ENOENT, ESRCH
        }
        return false
    }

    /// A file that the user names: a library, or a program that holds one.
    /// - Returns: it once for each module, as nobody knows which it holds.
    public func named(_ path: String) throws(ProbeFailure) -> [TracedFile] {
        let held: HeldFile
        do throws(SystemFailure) {
            held = try HeldFile(path: path)
        } catch {
            throw ProbeFailure(error, error.errno == 2 ? "there is no file \(path)" : nil)
        }
        guard let isNative = TracedFile.isNative(held.path) else {
            throw ProbeFailure(.unavailable, "\(path) is no library or program (ELF file)")
        }
        guard isNative else {
            throw ProbeFailure(.unavailable, "\(path) is for another processor, or of 32 bits: it cannot be traced")
        }
        return modules.map { TracedFile(held, shownPath: path, module: $0, pids: []) }
    }
}
