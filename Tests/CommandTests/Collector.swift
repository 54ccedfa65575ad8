import Foundation
import Glibc

/// nfcapd, the collector of Debian's nfdump, on a port of its own; and what it has taken, as nfdump reads it.
final class Collector {
    /// What is missing; `nil`: nothing.
    static let obstacle = Command.absent("nfcapd", "nfdump", "python3")

    let folder: URL
    let port: Int
    private let process: Process

    private init(folder: URL, port: Int, process: Process) {
        self.folder = folder
        self.port = port
        self.process = process
    }

    /// Runs `body` beside a collector, which is gone afterwards.
    static func with<Result>(_ body: (Collector) throws -> Result) throws -> Result {
        try Command.withFolder { folder in
            let port = try freePort()
            let flows = folder.appending(path: "flows")
            try FileManager.default.createDirectory(at: flows, withIntermediateDirectories: true)
            let process = Process()
            process.executableURL = URL(filePath: "/bin/bash")
            // Threads of the tests block signals, and what they start inherits that; nfcapd writes its file on SIGTERM.
            let start = """
                import os, signal
                signal.pthread_sigmask(signal.SIG_SETMASK, [])
                os.execvp("nfcapd", "nfcapd -b 127.0.0.1 -p \(port) -B 4194304 -w flows -t 3600".split())
                """
            process.arguments = ["-c", "exec python3 -c '\(start)' >nfcapd.log 2>&1"]
            process.currentDirectoryURL = folder
            process.standardInput = FileHandle.nullDevice
            try process.run()
            let collector = Collector(folder: folder, port: port, process: process)
            defer { collector.stop() }
            try collector.waitUntil("Startup")
            return try body(collector)
        }
    }

    /// Of UDP, which `freePort` of the TLS tests does not look at.
    static func freePort() throws -> Int {
        let script = "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind((\"127.0.0.1\", 0)); "
        let text = try Command.shell("python3 -c '\(script)print(s.getsockname()[1])'").text
        guard let port = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw CocoaError(.fileReadUnknown)
        }
        return port
    }

    /// Waits for a word in nfcapd's log.
    private func waitUntil(_ word: String) throws {
        let log = folder.appending(path: "nfcapd.log")
        while process.isRunning {
            if (try? String(contentsOf: log, encoding: .utf8))?.contains(word) ?? false { return }
            usleep(10_000)
        }
        throw CocoaError(.fileReadUnknown, userInfo: ["log": try String(contentsOf: log, encoding: .utf8)])
    }

    /// Waits until nfcapd has read what has come, and ends it.
    func readAllAndStop() {
        while process.isRunning, waitingOctets > 0 { usleep(10_000) }
        stop()
    }

    /// What waits in its socket.
    private var waitingOctets: Int {
        let address = "0100007F:" + String(format: "%04X", port)
        let sockets = (try? String(contentsOfFile: "/proc/net/udp", encoding: .utf8)) ?? ""
        for line in sockets.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 4, words[1] == address else { continue }
            return words[4].split(separator: ":").last.flatMap { Int($0, radix: 16) } ?? 0
        }
        return 0
    }

    /// Ends nfcapd, which writes what it has.
    private func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }

    /// What the log says at the end of `Flows: 95, Packets: 651, Bytes: 310554, Sequence Errors: 0, Bad Packets: 0`.
    var log: String { (try? String(contentsOf: folder.appending(path: "nfcapd.log"), encoding: .utf8)) ?? "" }

    /// Packets and octets by addresses, protocol and ports, as far as nfdump tells them apart.
    func flows() throws -> [String: [Int]] {
        let text = try Command.shell(
            "nfdump -q -R flows -N -o 'fmt:%sa %da %pr %sp %dp %pkt %byt %flg' -6", folder: folder
        ).text
        var flows: [String: [Int]] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 8, let packets = Int(words[5]), let octets = Int(words[6]) else { continue }
            // Of ICMP it shows the type and code that a port would hold.
            let isICMP = words[2] == "1" || words[2] == "58"
            let key = (words.prefix(3) + (isICMP ? [] : words[3...4])).joined(separator: " ")
            flows[key, default: [0, 0]][0] += packets
            flows[key, default: [0, 0]][1] += octets
        }
        return flows
    }

    /// A relay: takes IPFIX over TCP, as this nfcapd does not, and passes each message on to it as a datagram, once
    /// it has read those before.
    ///
    /// - Parameter drops: how many connections it closes once it has read one message from them.
    static func relay(drops: Int = 0) -> String {
        """
        import socket, struct, sys, time
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        out = socket.socket(type=socket.SOCK_DGRAM)
        target = ("127.0.0.1", int(sys.argv[1]))
        address = "0100007F:%04X" % target[1]
        def waiting():
            for line in open("/proc/net/udp"):
                words = line.split()
                if words[1] == address: return int(words[4].split(":")[1], 16)
            return 0
        drops, count = \(drops), 0
        while True:
            connection, _ = listener.accept()
            stream = connection.makefile("rb")
            expected = 0
            while header := stream.read(16):
                version, length, _, sequence, domain = struct.unpack(">HHIII", header)
                assert version == 10 and domain == 1 and len(header) == 16, header
                message = header + stream.read(length - 16)
                assert len(message) == length
                assert sequence == expected, (sequence, expected)
                position = 16
                while position < length:
                    kind, octets = struct.unpack(">HH", message[position:position + 4])
                    if kind >= 256: expected += (octets - 4) // (58 if kind == 300 else 82)
                    position += octets
                out.sendto(message, target)
                count += 1
                while waiting() > 50_000: time.sleep(0.002)
                if drops > 0 and count % 2 == 0:
                    drops -= 1
                    break
            stream.close()
            connection.close()
        """
    }
}
