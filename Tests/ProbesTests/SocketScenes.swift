import Events
import Flows
import Foundation
import Headers
import KernelIO
import Sockets

@testable import Probes

/// A network namespace of its own, in which a Python program plays a scene, and what `SocketOwners` makes of it.
///
/// The program prints a line for each question, `PROTOCOL SOURCE PORT DESTINATION PORT TIME SOURCE-PID DESTINATION-PID
/// WHAT`, with 0 where nobody is to be named.
struct SocketScene {
    struct Question {
        var text: String
        var key: FlowKey
        var time: Int64
        var source: UInt32
        var destination: UInt32
    }

    struct Failure: Error {
        var reason: String
    }

    var questions: [Question] = []
    var owners: SocketOwners

    /// - Parameters:
    ///   - prepare: what the program does before anybody watches.
    ///   - play: what it does then.
    static func run(
        prepare: String = "pass", play: String, prefersUses: Bool = true, prefersEnds: Bool = true
    ) throws -> SocketScene {
        let folder = URL(filePath: NSTemporaryDirectory()).appending(path: "ns-scene-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let text = prelude + "\n" + prepare + "\nstep('ready', 'go')\n" + play + "\nstep('played', 'end')\n"
        try Data(text.utf8).write(to: folder.appending(path: "scene.py"))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/unshare")
        process.arguments = ["--net", "python3", "scene.py"]
        process.currentDirectoryURL = folder
        let errors = folder.appending(path: "errors")
        try Data().write(to: errors)
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardOutput = process.standardError
        try process.run()
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        func wait(for name: String, _ meanwhile: () throws -> Void) throws {
            while !FileManager.default.fileExists(atPath: folder.appending(path: name).path) {
                guard process.isRunning else {
                    throw Failure(reason: try String(contentsOf: errors, encoding: .utf8))
                }
                try meanwhile()
            }
        }
        try wait(for: "ready") { usleep(10_000) }
        let link = try FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/\(process.processIdentifier)/ns/net")
        let network = UInt32(link.filter(\.isNumber)) ?? 0

        let watch = try SocketWatch(prefersUses: prefersUses, prefersEnds: prefersEnds)
        guard watch.usesAreTold == prefersUses, watch.endsAreTold == prefersEnds else {
            throw Failure(reason: "uses: \(watch.usesAreTold), ends: \(watch.endsAreTold)")
        }
        let reader = try RecordReader(watch.buffers)
        let clock = ClockOffset(
            unix: Clock.wallNanoseconds, monotonic: UInt64(truncatingIfNeeded: Clock.monotonicNanoseconds))
        var scene = SocketScene(owners: SocketOwners(network: network, endsAreTold: watch.endsAreTold))
        scene.owners.setLocalAddresses([IPAddress(v4: 0x0A63_0001)])
        func read() throws {
            try watch.lookIfDue()
            _ = reader.read { scene.owners.take($0, clock: clock) }
        }
        while !scene.owners.isComplete { try read() }
        try Data().write(to: folder.appending(path: "go"))
        try wait(for: "played", read)
        try watch.look()
        reader.drain { scene.owners.take($0, clock: clock) }
        scene.questions = try String(contentsOf: folder.appending(path: "questions"), encoding: .utf8)
            .split(separator: "\n").map { try question(String($0)) }
        return scene
    }

    /// What is wrong with the answers: empty.
    var mistakes: [String] {
        questions.compactMap { question in
            let answer = owners.owners(of: question.key, at: question.time)
            let (source, destination) = (answer.source.owner?.pid ?? 0, answer.destination.owner?.pid ?? 0)
            guard source != question.source || destination != question.destination else { return nil }
            return "\(question.text): \(answer.source), \(answer.destination)"
        }
    }

    private static func question(_ line: String) throws -> Question {
        let parts = line.split(separator: " ").map(String.init)
        guard parts.count == 9, let number = UInt8(parts[0]), let source = IPAddress(text: parts[1]),
            let destination = IPAddress(text: parts[3]), let sourcePort = UInt16(parts[2]),
            let destinationPort = UInt16(parts[4]), let time = Int64(parts[5]), let first = UInt32(parts[6]),
            let second = UInt32(parts[7])
        else { throw Failure(reason: "what is asked by '\(line)'?") }
        let key = FlowKey(
            sourceHigh: source.high, sourceLow: source.low, destinationHigh: destination.high,
            destinationLow: destination.low,
            meta: FlowKey.meta(
                sourcePort: sourcePort, destinationPort: destinationPort, vlan: 0, protocol: number,
                family: source.family.rawValue))
        return Question(text: parts[8] + " " + line, key: key, time: time, source: first, destination: second)
    }

    private static let prelude = """
        import os, socket, subprocess, sys, time, array, struct
        subprocess.run('ip link set lo up; ip address add 10.99.0.1/32 dev lo', shell=True, check=True)
        me = os.getpid()
        TCP, UDP = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        questions = open('questions', 'w')

        def step(done, until):
            questions.flush()
            open(done, 'w').close()
            while not os.path.exists(until): time.sleep(0.01)

        def plain(address): return address[0].removeprefix('::ffff:'), address[1]

        # Who had the two ends of a flow at that time; by default now.
        def ask(what, number, source, destination, first, second, at=None):
            source, destination = plain(source), plain(destination)
            print(number, *source, *destination, at or time.time_ns(), first, second, what, file=questions)

        # Runs `body` in a process of its own until it returns; gives its number.
        def child(body):
            pid = os.fork()
            if pid == 0:
                try: body()
                except BaseException as failure: print(failure, file=sys.stderr)
                os._exit(0)
            return pid

        # Two processes wait for each other.
        class Turn:
            def __init__(self): self.ends = os.pipe()
            def come(self): os.write(self.ends[1], b'x')
            def wait(self): os.read(self.ends[0], 1)

        def listener(family=socket.AF_INET, address='127.0.0.1', port=0):
            server = socket.socket(family, TCP)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((address, port))
            server.listen()
            return server

        """
}
