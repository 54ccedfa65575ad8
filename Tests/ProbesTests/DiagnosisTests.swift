import Foundation
import KernelIO
import Testing

@testable import Probes

/// What `doctor` says of machines and processes that are made up here.
@Suite struct DiagnosisTests {
    /// A machine on which everything is as it should be.
    private static func machine(_ change: (inout SystemFacts) -> Void = { _ in }) -> SystemFacts {
        var facts = SystemFacts()
        facts.release = "6.12.5-amd64"
        facts.describesTypes = true
        facts.hasUprobes = true
        facts.capabilities = Set(Capability.allCases)
        facts.unprivilegedBPFDisabled = 2
        facts.hasSeccomp = true
        facts.landlockVersion = 6
        facts.seccompRefuses = Sandbox.Attempt.allCases
        facts.landlockRefuses = Sandbox.Attempt.allCases
        facts.sandboxRefuses = Sandbox.Attempt.allCases
        facts.triedLibrary = "/usr/lib/libssl.so.3"
        change(&facts)
        return facts
    }

    private func verdict(_ id: String, _ facts: SystemFacts) -> SystemCheck.Verdict? {
        facts.checks.first { $0.id == id }?.verdict
    }

    @Test func aMachineWithEverythingHasNoProblem() {
        let facts = Self.machine()
        #expect(facts.checks.allSatisfy { $0.verdict == .fine && $0.advice.isEmpty && !$0.found.isEmpty })
        #expect(facts.obstacle == nil && Set(facts.checks.map(\.id)).count == facts.checks.count)
    }

    @Test func whatIsMissingIsNamedWithAdvice() {
        let problems: [(String, SystemFacts)] = [
            ("kernel", Self.machine { $0.release = "5.7.19" }),
            ("btf", Self.machine { $0.describesTypes = false }),
            ("privileges", Self.machine { $0.capabilities = [] }),
            ("privileges", Self.machine { $0.capabilities = [.bpf, .sysPtrace] }),
            ("programs", Self.machine { $0.loading = ProbeFailure(.permission, "cannot; libbpf: so\nbe root") }),
            ("uprobes", Self.machine { $0.attaching = ProbeFailure(.permission, "cannot\nbe root") }),
            ("uprobes", Self.machine { $0.hasUprobes = false }),
            ("lockdown", Self.machine { $0.lockdown = "confidentiality" }),
        ]
        for (id, facts) in problems {
            let check = facts.checks.first { $0.id == id }
            #expect(check?.verdict == .problem && check?.advice.isEmpty == false, "\(id)")
            #expect(facts.checks.filter { $0.verdict == .problem }.count == 1, "\(id)")
        }
        let failed = problems[4].1.checks.first { $0.id == "programs" }
        #expect(failed?.found == "cannot" && failed?.advice == "be root")
    }

    @Test func whatOnlyHelpsIsANote() {
        #expect(verdict("privileges", Self.machine { $0.capabilities = [.bpf, .perfmon] }) == .note)
        #expect(verdict("privileges", Self.machine { $0.capabilities = [.sysAdmin, .sysPtrace] }) == .note)
        // All of what is passed over is said at once, so that nobody has to ask again after each privilege given.
        let missed: [(Set<Capability>, [String])] = [
            ([.bpf, .perfmon], ["CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_CHECKPOINT_RESTORE"]),
            ([.bpf, .perfmon, .sysPtrace], ["CAP_DAC_READ_SEARCH", "CAP_CHECKPOINT_RESTORE"]),
            ([.bpf, .perfmon, .sysPtrace, .dacReadSearch], ["CAP_CHECKPOINT_RESTORE"]),
            ([.bpf, .perfmon, .sysPtrace, .dacReadSearch, .checkpointRestore], []),
            ([.sysAdmin, .sysPtrace, .dacReadSearch], []),
        ]
        for (capabilities, names) in missed {
            let check = Self.machine { $0.capabilities = capabilities }.checks.first { $0.id == "privileges" }
            #expect(check?.verdict == (names.isEmpty ? .fine : .note))
            let named = ["CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_CHECKPOINT_RESTORE"].filter { name in
                check?.advice.contains(name) == true
            }
            #expect(named == names)
        }
        #expect(verdict("unprivileged_bpf", Self.machine { $0.unprivilegedBPFDisabled = 0 }) == .note)
        #expect(verdict("landlock", Self.machine { $0.landlockVersion = 0 }) == .note)
        #expect(verdict("seccomp", Self.machine { $0.hasSeccomp = false }) == .note)
        #expect(verdict("sandbox", Self.machine { $0.sandboxRefuses = [.execute] }) == .note)
        #expect(verdict("sockets", Self.machine { $0.socketSource = .systemCalls }) == .note)
        #expect(verdict("lockdown", Self.machine { $0.lockdown = "integrity" }) == .fine)
    }

    @Test(arguments: [("6.1.0-18-amd64", 6, 1), ("5.8-rc1", 5, 8), ("7.0", 7, 0)])
    func releasesAreRead(release: String, major: Int, minor: Int) {
        let version = Self.machine { $0.release = release }.version
        #expect(version?.major == major && version?.minor == minor)
    }

    @Test func theChosenLockdownStandsInBrackets() {
        #expect(SystemFacts.lockdown("none [integrity] confidentiality") == "integrity")
        #expect(SystemFacts.lockdown("none") == nil && SystemFacts.lockdown("] [") == nil)
    }

    // MARK: - Processes

    private static func process(_ pid: UInt32, _ maps: [String], _ change: (inout ProcessFacts) -> Void = { _ in })
        -> ProcessFacts
    {
        let lines = maps.map { "7f0c1000-7f0c2000 r-xp 00001000 fe:00 12      \($0)\n" }
        var facts = ProcessFacts(pid: pid, comm: "p\(pid)", maps: Array(lines.joined().utf8))
        facts.program = "/usr/bin/p"
        change(&facts)
        return facts
    }

    private func survey(_ processes: ProcessFacts...) -> [LibraryCoverage] {
        LibraryCoverage.survey(processes, ProbeRegistry.tls)
    }

    @Test func libraryOfSeveralProcessesIsOneEntry() {
        let found = survey(
            Self.process(1, ["/lib/libssl.so.3", "/lib/libc.so.6"]), Self.process(2, ["/lib/libssl.so.3"]),
            Self.process(3, ["/lib/libgnutls.so.30"]), Self.process(4, ["/lib/libc.so.6"]))
        #expect(found.map(\.library) == ["OpenSSL", "GnuTLS"] && found.allSatisfy { $0.verdict == .covered })
        #expect(found.first?.processes.map(\.pid) == [1, 2])
    }

    @Test func whatIsNotSeenIsNamedWithTheReason() {
        func only(_ process: ProcessFacts) -> LibraryCoverage? {
            let found = survey(process)
            return found.count == 1 ? found[0] : nil
        }
        let path = "/lib/libssl.so.3 (deleted)"
        let deleted = only(Self.process(1, [path]) { $0.unreachable = [path] })
        #expect(deleted?.verdict == .uncovered && deleted?.advice.contains("restart them") == true)
        let reached = survey(Self.process(1, [path]), Self.process(2, ["/lib/libssl.so.3"]))
        #expect(reached.map(\.path) == [path, "/lib/libssl.so.3"] && reached.allSatisfy { $0.verdict == .covered })
        let foreign = only(Self.process(1, ["/lib32/libssl.so.3"]) { $0.foreign = ["/lib32/libssl.so.3"] })
        #expect(foreign?.verdict == .uncovered && foreign?.reason.contains("32 bits") == true)
        let hidden = only(Self.process(1, ["/root/libssl.so.3"]) { $0.unreachable = ["/root/libssl.so.3"] })
        #expect(hidden?.verdict == .uncovered && hidden?.advice.contains("CAP_DAC_READ_SEARCH") == true)
        let bio = only(Self.process(1, ["/lib/libssl.so.3"]) { $0.marks = .sslBIO })
        #expect(bio?.verdict == .partly && bio?.reason.contains("BIO_f_ssl") == true)
        let nss = only(Self.process(1, ["/lib/libssl3.so"]))
        #expect(nss?.library == "NSS" && nss?.verdict == .uncovered)
        let go = only(Self.process(1, ["/usr/bin/p"]) { $0.marks = .goTLS })
        #expect(go?.library == "Go (crypto/tls)" && go?.path == "/usr/bin/p")
        let withSymbols = only(Self.process(1, []) { $0.marks = [.openSSL, .namesSSLRead] })
        #expect(withSymbols?.advice.contains("--binary /usr/bin/p") == true)
        let stripped = only(Self.process(1, []) { $0.marks = .boringSSL })
        #expect(stripped?.library == "BoringSSL" && stripped?.reason.contains("without symbols") == true)
        #expect(only(Self.process(1, []) { $0.marks = .rustls })?.library == "rustls")
        let refused = only(ProcessFacts(pid: 1, comm: "init", maps: nil))
        #expect(refused?.verdict == .unknown && refused?.advice.contains("CAP_SYS_PTRACE") == true)
    }

    @Test func whoseSecretsCanBeLoggedIsTold() {
        func keyLog(_ path: String, _ marks: ProgramMarks = []) -> KeyLogCoverage? {
            survey(Self.process(1, [path]) { $0.marks = marks }).first?.keyLog
        }
        #expect(keyLog("/lib/libssl.so.3") == .yes && keyLog("/lib/libssl-3a5b.so.1.1") == .yes)
        #expect(keyLog("/lib/libgnutls.so.30") == .yes)
        #expect(keyLog("/lib/libssl.so.1.0.2") == .no && keyLog("/lib/libssl.so.3 (deleted)") == .yes)
        #expect(keyLog("/lib/libssl3.so") == .no, "NSS")
        #expect(keyLog("/usr/bin/p", .goTLS) == .named && keyLog("/usr/bin/p", [.openSSL, .namesSSLRead]) == .named)
        #expect(keyLog("/usr/bin/p", .openSSL) == .no && keyLog("/usr/bin/p", [.boringSSL, .namesSSLRead]) == .no)
    }

    @Test func coveredOnesComeFirst() {
        let found = survey(
            ProcessFacts(pid: 1, comm: "init", maps: nil), Self.process(2, []) { $0.marks = .goTLS },
            Self.process(3, ["/lib/libssl.so.3"]))
        #expect(found.map(\.verdict) == [.covered, .uncovered, .unknown])
    }

    @Test func marksAreFoundWhereverTheyLie() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "ns-marks-\(getpid())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        // Across the border of two pieces that are read, and in the last one.
        var octets = [UInt8](repeating: 0x41, count: 3 << 20)
        func put(_ text: String, at offset: Int) {
            octets.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        put("crypto/tls.(*Conn).Write", at: (1 << 20) - 5)
        put("\0BIO_new_ssl\0", at: (3 << 20) - 13)
        try Data(octets).write(to: URL(filePath: path))
        #expect(ProgramMarks(of: path) == [.goTLS, .sslBIO])
        put("ssl/ssl_lib.c\0", at: 0)
        put("\0SSL_read\0", at: (2 << 20) - 1)
        try Data(octets).write(to: URL(filePath: path))
        #expect(ProgramMarks(of: path) == [.goTLS, .sslBIO, .openSSL, .namesSSLRead])
        #expect(ProgramMarks(of: path + ".none") == [])
    }
}
