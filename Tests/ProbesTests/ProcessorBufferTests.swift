import Events
import Foundation
import Testing

@testable import Probes

/// Buffers of processors that are much smaller than what goes through them.
@Suite(.enabled(if: Loading.isPossible, "loading programs needs root, BTF, curl and openssl"))
struct ProcessorBufferTests {
    /// curl gets 32 MiB, the same 16 octets again and again, under a name that nothing else has.
    private static let transfer = """
        cd $(mktemp -d)
        ln -s /usr/bin/curl ns-around
        yes 0123456789abcde | head -c 33554432 >data
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout k -out c 2>/dev/null
        port=$((20000 + $$ % 20000))
        openssl s_server -quiet -WWW -accept $port -key k -cert c >/dev/null 2>&1 &
        for i in $(seq 100); do
            (echo >/dev/tcp/127.0.0.1/$port) 2>/dev/null && break
            sleep 0.1
        done
        ./ns-around -sk --limit-rate 32M -o /dev/null https://127.0.0.1:$port/data
        kill -9 %1
        rm -r "$PWD"
        """

    @Test func recordsThatLieAcrossTheEndAreWhole() throws {
        var settings = ProbeSettings()
        settings.comm = "ns-around"
        settings.usesRing = false
        // Less than the least: each buffer has 32 KiB, and records that do not divide it.
        settings.ringBytes = 4_096
        let session = try ProbeSession(settings)
        let reader = try RecordReader(session.buffers)
        for file in LibraryFinder([.openSSL]).find().files { _ = try session.attach(file) }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", Self.transfer]
        try process.run()
        var (octets, broken) = (UInt64(0), 0)
        let take: (Span<UInt8>) -> Void = { record in
            guard let view = try? DataRecordView(record) else { return }
            octets += UInt64(view.dataLength)
            let data = view.data.indices.map { view.data[$0] }
            // The first one begins with the head of the response.
            if view.direction == .received, data.first != UInt8(ascii: "H"),
                !zip(data, data.dropFirst(16)).allSatisfy(==)
            {
                broken += 1
            }
        }
        while process.isRunning { _ = reader.read(take) }
        process.waitUntilExit()
        let counters = session.detach()
        reader.drain(take)
        #expect(broken == 0)
        #expect(octets > 100_000)
        #expect(counters.octets > 33_554_432 && octets == counters.writtenOctets)
        #expect(counters.octets == counters.writtenOctets + counters.ringFullOctets)
    }
}
