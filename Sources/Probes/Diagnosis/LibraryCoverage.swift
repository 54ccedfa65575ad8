/// A process, as far as it matters for which of its TLS can be traced. A value: it can be made up, too.
public struct ProcessFacts: Sendable {
    public var pid: UInt32
    public var comm: String
    /// /proc/PID/maps; `nil`: it may not be read.
    public var maps: [UInt8]?
    /// The program file, as the process sees it; empty: none, as of the kernel's own threads.
    public var program = ""
    public var marks: ProgramMarks = []
    /// Files of libraries that are for another processor, or of 32 bits: as their mappings show their paths.
    public var foreign: Set<String> = []
    /// Files of libraries that cannot be reached from here.
    public var unreachable: Set<String> = []

    public init(pid: UInt32, comm: String, maps: [UInt8]?) {
        self.pid = pid
        self.comm = comm
        self.maps = maps
    }
}

/// TLS of running programs, and whether a trace sees it.
public struct LibraryCoverage: Equatable, Sendable {
    public enum Verdict: String, Sendable {
        case covered
        /// A trace sees a part of it.
        case partly
        case uncovered
        /// Nobody knows: the processes may not be looked into.
        case unknown
    }

    /// Whose TLS it is: `OpenSSL`.
    public var library: String
    /// The file that holds it, as the processes see it; empty: not known.
    public var path: String
    public var verdict: Verdict
    /// Why a trace does not see it, or not all; empty where it does.
    public var reason = ""
    public var advice = ""
    /// Whether `--mode keylog` logs its secrets, or what else is needed.
    public var keyLog = KeyLogCoverage.no
    /// The processes it is in.
    public var processes: [Process]

    public struct Process: Equatable, Sendable {
        public var pid: UInt32
        public var comm: String
    }

    static let goName = ProbeModule.goSecrets.name

    /// Libraries without a module, by the start of their file names.
    private static let others: [(start: String, library: String, reason: String)] = [
        ("libssl3.so", "NSS", "there is no module for it yet"),
        ("libmbedtls.so", "Mbed TLS", "there is no module for it"),
        ("libwolfssl.so", "wolfSSL", "there is no module for it"),
        ("libs2n.so", "s2n-tls", "there is no module for it"),
        ("libboringssl", "BoringSSL", "its file has another name than OpenSSL's"),
        ("libconscrypt", "BoringSSL", "its file has another name than OpenSSL's"),
        ("libjvm.so", "Java (JSSE)", "Java has TLS of its own, which no library's functions show"),
    ]

    /// What there is in these processes: one entry for each file and verdict, covered ones first.
    public static func survey(_ processes: [ProcessFacts], _ modules: [ProbeModule]) -> [LibraryCoverage] {
        var found: [LibraryCoverage] = []
        for process in processes {
            for one in coverage(of: process, modules) {
                if let known = found.firstIndex(where: { $0.isLike(one) }) {
                    found[known].processes += one.processes
                } else {
                    found.append(one)
                }
            }
        }
        let order: [Verdict] = [.covered, .partly, .uncovered, .unknown]
        return order.flatMap { verdict in found.filter { $0.verdict == verdict } }
    }

    private func isLike(_ other: Self) -> Bool {
        library == other.library && path == other.path && verdict == other.verdict && reason == other.reason
            && keyLog == other.keyLog
    }

    private static func coverage(of process: ProcessFacts, _ modules: [ProbeModule]) -> [LibraryCoverage] {
        func entry(_ library: String, _ path: String, _ verdict: Verdict, _ reason: String = "", _ advice: String = "")
            -> LibraryCoverage
        {
            LibraryCoverage(
                library: library, path: path, verdict: verdict, reason: reason, advice: advice,
                processes: [Process(pid: process.pid, comm: process.comm)])
        }
        guard let maps = process.maps else {
            return [
                entry(
                    "not known", "", .unknown, "the system does not let us look into them",
                    "run as root (sudo), or with CAP_SYS_PTRACE")
            ]
        }
        var found: [LibraryCoverage] = []
        for mapping in ProcessMaps.executables(in: maps) {
            let path = mapping.shownPath
            let fileName = mapping.path.split(separator: "/").last ?? ""
            if let module = modules.first(where: { $0.matches(fileName: fileName) }) {
                if mapping.isDeleted, process.unreachable.contains(path) {
                    found.append(
                        entry(
                            module.name, path, .uncovered, "the file was removed or replaced since they started",
                            "restart them, run as root (sudo), or with CAP_SYS_PTRACE and CAP_CHECKPOINT_RESTORE"))
                } else if process.unreachable.contains(path) {
                    found.append(
                        entry(
                            module.name, path, .uncovered, "the file cannot be reached",
                            "run as root (sudo), or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"))
                } else if process.foreign.contains(path) {
                    found.append(entry(module.name, path, .uncovered, "it is of 32 bits, or for another processor"))
                } else if module.name == ProbeModule.openSSL.name, process.marks.contains(.sslBIO) {
                    found.append(
                        entry(
                            module.name, path, .partly,
                            "\(process.program) can move plaintext through BIO_f_ssl, which no probe sees",
                            "as openssl s_server -www does; what goes through SSL_read and SSL_write is seen"))
                } else {
                    found.append(entry(module.name, path, .covered))
                }
            } else if let other = others.first(where: { fileName.hasPrefix($0.start) }) {
                found.append(entry(other.library, path, .uncovered, other.reason))
            }
        }
        found += inside(process, hasLibrary: found.contains { $0.library == ProbeModule.openSSL.name }, entry)
        return found.map { one in
            var one = one
            one.keyLog = KeyLogCoverage(of: one)
            return one
        }
    }

    /// What the program file itself holds.
    private static func inside(
        _ process: ProcessFacts, hasLibrary: Bool, _ entry: (String, String, Verdict, String, String) -> LibraryCoverage
    ) -> [LibraryCoverage] {
        let (path, marks) = (process.program, process.marks)
        if marks.contains(.goTLS) {
            return [
                entry(goName, path, .uncovered, "Go has TLS of its own; there is no module for it yet", "")
            ]
        }
        for (mark, name) in [(ProgramMarks.openSSL, "OpenSSL"), (.boringSSL, "BoringSSL")]
        where marks.contains(mark) && !hasLibrary {
            guard marks.contains(.namesSSLRead) else {
                return [
                    entry(
                        name, path, .uncovered, "the program has it inside, without symbols",
                        "a program that was not stripped, or that uses the shared library, can be traced")
                ]
            }
            return [
                entry(
                    name, path, .uncovered, "the program has it inside",
                    "name it: netspectra trace --binary \(path) tls")
            ]
        }
        if marks.contains(.rustls) {
            return [entry("rustls", path, .uncovered, "the program has it inside; there is no module for it", "")]
        }
        return []
    }
}
