import Events
import Foundation
import Octets
import Testing

@testable import Probes

/// Secrets with either kind of links, of buffers, and of ways to learn what goes through sockets, of which a kernel
/// would otherwise choose one each.
@Suite(.serialized, .enabled(if: Loading.isPossible, "loading programs needs root, BTF, curl and openssl"))
struct SecretSourceTests {
    /// Programs of OpenSSL and of GnuTLS (where it is installed), under a name that no other test's processes have,
    /// connect to `openssl s_server` once each. Prints what their libraries log.
    private static func connections(command: String) -> String {
        """
        cd $(mktemp -d)
        mkdir openssl gnutls
        ln -s /usr/bin/curl openssl/\(command)
        [ -x /usr/bin/gnutls-cli ] && ln -s /usr/bin/gnutls-cli gnutls/\(command)
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout k -out c 2>/dev/null
        port=$((20000 + $$ % 20000))
        openssl s_server -quiet -www -accept $port -key k -cert c >/dev/null 2>&1 &
        for i in $(seq 100); do
            (echo >/dev/tcp/127.0.0.1/$port) 2>/dev/null && break
            sleep 0.1
        done
        export SSLKEYLOGFILE=log
        openssl/\(command) -sk -o /dev/null https://127.0.0.1:$port/
        [ -e gnutls/\(command) ] && (sleep 0.5) |
            gnutls/\(command) --insecure --logfile=/dev/null -p $port 127.0.0.1 >/dev/null 2>&1
        kill -9 %1
        cat log
        rm -r "$PWD"
        """
    }

    @Test(arguments: [ProbeSession.SocketSource.socketCalls, .systemCalls], [(true, true), (false, false)])
    func everyWayGivesTheLinesOfTheLibraries(
        source: ProbeSession.SocketSource, kernel: (linksManyFunctions: Bool, usesRing: Bool)
    ) throws {
        var settings = ProbeSettings()
        settings.subject = .secrets
        settings.linksManyFunctions = kernel.linksManyFunctions
        settings.usesRing = kernel.usesRing
        let command = "ns-key\("\(source)".prefix(6))\(kernel.usesRing ? 1 : 0)"
        settings.comm = command
        let session = try ProbeSession(settings, socketSource: source)
        let reader = try RecordReader(session.buffers)
        for file in LibraryFinder(ProbeRegistry.secrets).find().files { _ = try session.attach(file) }
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", Self.connections(command: command)]
        process.standardOutput = pipe
        try process.run()
        process.waitUntilExit()
        let printed = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)

        let counters = session.detach()
        var lines = OctetBuffer()
        reader.drain { octets in
            if case .masterSecret(let event) = try? EventRecord(octets) { event.appendKeyLog(to: &lines) }
        }
        let theirs = Set(printed.split(separator: "\n").filter { !$0.hasPrefix("#") })
        let ours = String(decoding: [UInt8](lines), as: UTF8.self).split(separator: "\n")
        #expect(
            theirs.count >= 5 && Set(ours) == theirs && ours.count == theirs.count, "\(ours) \(theirs)")
        #expect(
            counters.secrets == counters.writtenSecrets && counters.writtenSecrets == UInt64(theirs.count),
            "\(counters)")
    }
}
