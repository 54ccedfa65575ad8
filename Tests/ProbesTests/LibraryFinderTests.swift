import Foundation
import Glibc
import Testing

@testable import Probes

private let systemLibrary = ["x86_64", "aarch64"].map { "/usr/lib/\($0)-linux-gnu/libssl.so.3" }
    .first { FileManager.default.isReadableFile(atPath: $0) }

/// What is found in running processes, which end whenever they like.
@Suite(.enabled(if: systemLibrary != nil, "a libssl.so.3 is needed"))
struct LibraryFinderTests {
    /// A process that has a library of its own mapped, and what is found there.
    private func withProcess(_ body: (Process, TracedFile) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "netspectra-finder-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let library = folder.appending(path: "libssl.so.3")
        try FileManager.default.copyItem(atPath: #require(systemLibrary), toPath: library.path)
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sleep")
        process.arguments = ["60"]
        process.environment = ["LD_PRELOAD": library.path]
        try process.run()
        defer {
            // Threads of tests block signals, and what they start inherits that.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let finder = LibraryFinder([.openSSL], pids: [UInt32(process.processIdentifier)])
        for _ in 0..<500 {
            if let file = finder.find().files.first { return try body(process, file) }
            usleep(20_000)
        }
        Issue.record("nothing was found")
    }

    /// Between finding and probing a process may end, and its library may be replaced.
    @Test func whatWasFoundIsProbedAfterItsProcessHasEnded() throws {
        try withProcess { process, file in
            let identity = file.identity
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            try FileManager.default.removeItem(atPath: file.shownPath)
            #expect(try ProbeSites(of: file).functions.contains("SSL_read"))
            #expect(file.identity == identity)
            guard Loading.isPossible else { return }
            for linksManyFunctions in [true, false] {
                var settings = ProbeSettings()
                settings.linksManyFunctions = linksManyFunctions
                let session = try ProbeSession(settings)
                var found = file
                found.pids = []
                #expect(try session.attach(found)?.functions.contains("SSL_read") == true)
            }
        }
    }

    /// As after an update of the system: processes go on with the library that was there when they started.
    @Test func aReplacedLibraryIsFoundAndProbed() throws {
        try withProcess { process, file in
            let identity = file.identity
            let path = file.shownPath
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.copyItem(atPath: #require(systemLibrary), toPath: path)
            let outcome = LibraryFinder([.openSSL], pids: file.pids).find()
            guard Loading.isPossible else {
                #expect(outcome.deleted == [path] || geteuid() == 0)
                return
            }
            let found = try #require(outcome.files.first)
            #expect(found.identity == identity && found.shownPath == path + " (deleted)" && found.pids == file.pids)
            #expect(outcome.deleted.isEmpty && outcome.unreachable.isEmpty)
            let session = try ProbeSession(ProbeSettings())
            #expect(try session.attach(found)?.functions.contains("SSL_read") == true)
        }
    }

    /// That a process has ended is no reason to ask for more privilege.
    @Test func anEndedProcessIsNotUnreachable() throws {
        try withProcess { process, _ in
            let pid = UInt32(process.processIdentifier)
            #expect(!LibraryFinder.hasEnded(pid))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            #expect(LibraryFinder.hasEnded(pid))
            let outcome = LibraryFinder([.openSSL], pids: [pid]).find()
            #expect(outcome.files.isEmpty && outcome.unreachable.isEmpty && outcome.absent == [pid])
        }
    }
}
