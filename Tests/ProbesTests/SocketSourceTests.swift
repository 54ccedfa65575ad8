import Events
import Foundation
import Glibc
import Octets
import Testing

@testable import Probes

/// What tests need that load programs.
enum Loading {
    static let isPossible: Bool = {
        let files = ["/sys/kernel/btf/vmlinux", "/usr/bin/curl", "/usr/bin/openssl"]
        return geteuid() == 0 && files.allSatisfy { unsafe access($0, R_OK) == 0 }
    }()
}

/// Both ways in which the socket of a connection is learned, of which a kernel would otherwise choose one.
@Suite(.serialized, .enabled(if: Loading.isPossible, "loading programs needs root, BTF, curl and openssl"))
struct SocketSourceTests {
    /// curl, under the name of `command` that no other test's processes have, asks `openssl s_server` once, as soon as
    /// that listens; where is told by what curl prints.
    private static func transfer(command: String) -> String {
        """
        cd $(mktemp -d)
        ln -s /usr/bin/curl \(command)
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout k -out c 2>/dev/null
        port=$((20000 + $$ % 20000))
        openssl s_server -quiet -www -accept $port -key k -cert c >/dev/null 2>&1 &
        for i in $(seq 100); do
            (echo >/dev/tcp/127.0.0.1/$port) 2>/dev/null && break
            sleep 0.1
        done
        ./\(command) -sk -o /dev/null -w '%{local_port} %{remote_port}' https://127.0.0.1:$port/
        kill -9 %1
        rm -r "$PWD"
        """
    }

    /// Each way with either kind of links and of buffers.
    @Test(

        arguments: [(ProbeSession.SocketSource.socketCalls, true), (.socketCalls, false), (.systemCalls, false)],
        [true, false])
    func theSocketOfAConnectionIsLearned(
        way: (source: ProbeSession.SocketSource, linksManyFunctions: Bool), usesRing: Bool
    ) throws {
        let source = way.source
        var settings = ProbeSettings()
        settings.linksManyFunctions = way.linksManyFunctions
        settings.usesRing = usesRing
        let command = "ns-\("\(source)".prefix(6))\(way.linksManyFunctions ? 1 : 0)\(usesRing ? 1 : 0)"
        settings.comm = command
        let session = try ProbeSession(settings, socketSource: source)
        let reader = try RecordReader(session.buffers)
        #expect(session.socketSource == source)
        if case .ring = session.buffers { #expect(usesRing) } else { #expect(!usesRing) }
        for file in LibraryFinder([.openSSL]).find().files { _ = try session.attach(file) }
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", Self.transfer(command: command)]
        process.standardOutput = pipe
        try process.run()
        process.waitUntilExit()
        let printed = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let ports = printed.split(separator: " ").compactMap { UInt16($0) }

        var records: [EventRecord] = []
        let counters = session.detach()
        reader.drain { octets in if let record = try? EventRecord(octets) { records.append(record) } }
        let data = records.compactMap { if case .sslData(let event) = $0 { event } else { nil } }
        let request = try #require(data.first { $0.info.direction == .sent })
        #expect(request.data.starts(with: "GET / HTTP/1.1\r\n".utf8))
        #expect([request.info.sourcePort, request.info.destinationPort] == ports.suffix(2))
        #expect(request.info.source.description == "127.0.0.1" && request.info.fd > 2 && request.info.sock != 0)
        // What is received is not there yet when the system call begins.
        let version: UInt16 = source == .socketCalls ? 0x0304 : 0
        #expect(data.allSatisfy { $0.tlsVersion.rawValue == version })
        #expect(data.allSatisfy { $0.info.sock == request.info.sock && $0.missing == 0 })
        let ends = records.compactMap { if case .socketDestroyed(let event) = $0 { event.sock } else { nil } }
        #expect(ends == [request.info.sock])
        #expect(counters.octets == data.reduce(0) { $0 + UInt64($1.data.count) })
        #expect(counters.writtenOctets == counters.octets && counters.unfollowedCalls == 0)
    }
}
