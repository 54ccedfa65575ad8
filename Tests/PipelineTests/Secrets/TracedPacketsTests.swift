import CaptureFiles
import CaptureTestSupport
import Events
import Headers
import Octets
import Testing

@testable import Pipeline

/// Packets and secrets, in every order in which they come.
@Suite struct TracedPacketsTests {
    private static let second: Int64 = 1_000_000_000

    /// What went on: packets by their number (their wire length), and secrets.
    private struct Collected: TracedPacketSink {
        var steps: [String] = []
        var comments: [Int: String] = [:]

        mutating func packet(_ octets: Span<UInt8>, _ frame: FrameRecord, connection: Int?, comment: [UInt8]) {
            steps.append("\(frame.wireLength)\(connection.map { "@\($0)" } ?? "")")
            comments[Int(frame.wireLength)] = String(decoding: comment, as: UTF8.self)
        }
        mutating func secrets(_ lines: Span<UInt8>, of connection: Int) {
            let count = lines.indices.count { lines[$0] == 0x0A }
            steps.append("secrets \(count)@\(connection)")
        }
        mutating func forget(connection: Int) { steps.append("forget @\(connection)") }
    }

    private struct Run {
        var packets: TracedPackets
        var collected = Collected()
        var number: UInt32 = 0

        init(_ change: (inout TracedPackets.Settings) -> Void = { _ in }) {
            var settings = TracedPackets.Settings()
            change(&settings)
            packets = TracedPackets(settings)
        }

        /// Packets are numbered from 1.
        mutating func packet(
            _ flags: TCPFlags = .ack, _ payload: [UInt8] = [], port: UInt16 = 40_000, back: Bool = false,
            at now: Int64 = 0
        ) {
            number += 1
            var frame: [UInt8] = []
            EthernetFields(
                destination: MACAddress(rawValue: 1), source: MACAddress(rawValue: 2), type: .ipv4
            ).emit(into: &frame)
            let ends: (UInt32, UInt32) = back ? (2, 1) : (1, 2)
            IPv4Fields(source: ends.0, destination: ends.1, protocol: .tcp)
                .emit(into: &frame, payloadLength: 20 + payload.count)
            TCPFields(sourcePort: back ? 443 : port, destinationPort: back ? port : 443, flags: flags)
                .emit(
                    into: &frame, payload: payload.span, source: IPAddress(v4: ends.0),
                    destination: IPAddress(v4: ends.1))
            frame += payload
            let record = FrameRecord(
                time: now, offset: 0, capturedLength: UInt32(frame.count), wireLength: number, linkType: 1,
                interface: 0)
            packets.take(record, frame.span, at: now, to: &collected)
        }

        mutating func secret(
            _ purpose: MasterSecretEvent.Secret, _ random: UInt8, pid: UInt32 = 7, at now: Int64 = 0
        ) {
            packets.take(TracedPacketsTests.secret(purpose, random, pid: pid), at: now, to: &collected)
        }

        mutating func allSecrets(_ random: UInt8, at now: Int64 = 0) {
            for purpose in TracedPacketsTests.purposes { secret(purpose, random, at: now) }
        }

        mutating func finish() { packets.finish(to: &collected) }
    }

    private static let purposes: [MasterSecretEvent.Secret] = [
        .clientHandshakeTraffic, .serverHandshakeTraffic, .clientApplicationTraffic, .serverApplicationTraffic,
    ]

    private static func secret(
        _ purpose: MasterSecretEvent.Secret, _ random: UInt8, pid: UInt32
    ) -> DerivedSecret {
        var info = BaseInfo()
        info.pid = pid
        info.comm = CommandName(Array("curl".utf8))
        return DerivedSecret(
            purpose: purpose, clientRandom: [UInt8](repeating: random, count: 32), octets: [1, 2, 3], info: info)
    }

    private static func hello(_ random: UInt8) -> [UInt8] {
        [22, 3, 1, 0, 80, 1, 0, 0, 76, 3, 3] + [UInt8](repeating: random, count: 32) + [0, 0]
    }

    @Test func packetsWaitForSecrets() {
        var run = Run()
        run.packet(.syn)
        run.packet([.syn, .ack], back: true)
        run.packet(.ack, Self.hello(5))
        run.packet(.ack, [22, 3, 3], back: true)
        #expect(run.collected.steps.isEmpty && run.packets.waiting == 4)
        for purpose in Self.purposes.dropLast() { run.secret(purpose, 5) }
        #expect(run.packets.waiting == 4)
        run.secret(.serverApplicationTraffic, 5)
        run.packet(.ack, [23, 3, 3])
        let secrets = [String](repeating: "secrets 1@1", count: 4)
        #expect(run.collected.steps == secrets + ["1@1", "2@1", "3@1", "4@1", "5@1"])
        #expect(run.collected.comments.values.allSatisfy { $0 == "PID:7, Comm:curl" })
        #expect(run.packets.counts.tracedConnections == 1 && run.packets.counts.helloConnections == 1)
    }

    @Test func secretsMayComeFirst() {
        var run = Run()
        run.allSecrets(5)
        run.packet(.syn)
        run.packet(.ack, Self.hello(5))
        run.packet(.ack, [23, 3, 3])
        #expect(run.collected.steps == ["secrets 4@1", "1@1", "2@1", "3@1"])
    }

    /// Of TLS 1.2 there is one secret.
    @Test func theMasterSecretIsAll() {
        var run = Run()
        run.packet(.ack, Self.hello(5))
        run.secret(.master, 5)
        #expect(run.collected.steps == ["secrets 1@1", "1@1"])
    }

    @Test func nobodyWaitsForever() {
        var run = Run()
        run.packet(.syn)
        run.packet(.ack, Self.hello(5))
        run.packet(.ack, [23, 3, 3], port: 41_000)
        run.packet(.ack, [1], at: 100_000_000)
        #expect(run.collected.steps.isEmpty)
        run.packets.advance(at: 249_999_999, to: &run.collected)
        #expect(run.collected.steps.isEmpty)
        run.packets.advance(at: 250_000_000, to: &run.collected)
        // What came later need not wait by itself.
        #expect(run.collected.steps == ["1", "2", "3", "4"])
        run.packet(.ack, [1], at: 260_000_000)
        #expect(run.collected.steps.count == 5)
        // And when the secrets come after all, they are written before the next packet.
        run.allSecrets(5, at: 300_000_000)
        run.packet(.ack, [1], at: 310_000_000)
        #expect(run.collected.steps.suffix(5) == [String](repeating: "secrets 1@1", count: 4) + ["6@1"])
    }

    /// A part of the secrets opens a part of the packets.
    @Test func someSecretsAreGivenInTime() {
        var run = Run()
        run.packet(.ack, Self.hello(5))
        run.secret(.clientHandshakeTraffic, 5)
        run.packets.advance(at: Self.second, to: &run.collected)
        #expect(run.collected.steps == ["secrets 1@1", "1@1"])
        run.packet(.ack, [22], at: Self.second)
        #expect(run.packets.waiting == 1)
    }

    @Test func otherTrafficDoesNotWait() {
        var run = Run()
        run.packet(.ack, Array("GET /".utf8))
        run.packet(.syn, port: 41_000)
        run.packet(.ack, Array("GET /".utf8), port: 41_000)
        #expect(run.collected.steps == ["1", "2", "3"])
    }

    @Test func onlyTracedConnectionsAreWritten() {
        var run = Run { $0.tracedOnly = true }
        run.packet(.syn)
        run.packet(.ack, Self.hello(5))
        run.packet(.syn, port: 41_000)
        run.packet(.ack, Self.hello(6), port: 41_000)
        run.packet(.ack, Array("GET /".utf8), port: 42_000)
        // After more than the usual time: the network may be slow.
        run.allSecrets(6, at: 3 * Self.second)
        run.packets.advance(at: 4 * Self.second, to: &run.collected)
        #expect(run.packets.waiting == 5)
        run.packets.advance(at: 5 * Self.second, to: &run.collected)
        #expect(run.collected.steps.filter { !$0.hasPrefix("secrets") } == ["3@2", "4@2"])
        #expect(run.packets.counts.untraced == 3 && run.packets.counts.written == 2)
        run.finish()
        #expect(run.packets.waiting == 0)
    }

    /// A connection that goes on and on without secrets is none that is traced.
    @Test func untracedConnectionsAreGivenUp() {
        var run = Run {
            $0.tracedOnly = true
            $0.undecidedPacketsMax = 10
        }
        run.packet(.ack, Self.hello(5))
        for _ in 0..<10 { run.packet(.ack, [23]) }
        #expect(run.packets.waiting == 0 && run.packets.counts.untraced == 11)
    }

    @Test func theSameEndsAgainAreAnotherConnection() {
        var run = Run()
        run.allSecrets(5)
        run.packet(.syn)
        run.packet(.ack, Self.hello(5))
        run.packet([.fin, .ack])
        run.packet(.syn)
        run.packet(.ack, Self.hello(6))
        run.allSecrets(6)
        run.packet(.ack, [23])
        #expect(run.collected.steps.contains("forget @1"))
        let packets = run.collected.steps.filter { !$0.hasPrefix("secrets") && !$0.hasPrefix("forget") }
        #expect(packets == ["1@1", "2@1", "3@1", "4@2", "5@2", "6@2"])
    }

    @Test func whatWaitsIsBounded() {
        var run = Run { $0.waitingOctetsMax = 10_000 }
        run.packet(.ack, Self.hello(5))
        for _ in 0..<200 { run.packet(.ack, [UInt8](repeating: 23, count: 500)) }
        #expect(run.packets.counts.early > 0 && run.packets.counts.packets == 201)
        #expect(run.packets.counts.written + run.packets.waiting == 201)
        run.finish()
        #expect(run.collected.steps == (1...201).map { "\($0)" })
    }

    @Test func connectionsAreBounded() {
        var run = Run { $0.connectionsMax = 32 }
        for port in 0..<500 as Range<UInt16> {
            run.allSecrets(UInt8(truncatingIfNeeded: port), at: Int64(port))
            run.packet(.ack, Self.hello(UInt8(truncatingIfNeeded: port)), port: port, at: Int64(port))
        }
        #expect(run.packets.counts.written == 500)
        #expect(run.collected.steps.count { $0.hasPrefix("forget") } >= 500 - 32)
    }

    @Test func bothProcessesAreNamed() {
        var run = Run()
        run.packet(.ack, Self.hello(5))
        run.secret(.master, 5, pid: 7)
        run.packets.note(repeated: Self.secret(.master, 5, pid: 8))
        run.packet(.ack, [23])
        #expect(run.collected.comments[1] == "PID:7, Comm:curl")
        #expect(run.collected.comments[2] == "PID:7, Comm:curl; PID:8, Comm:curl")
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func queuesKeepTheirOrder(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var queue = PacketQueue()
        var (next, expected): (UInt32, UInt32) = (0, 0)
        for _ in 0..<6_000 {
            if Int.random(in: 0..<5, using: &generator) < 3 {
                let octets = [UInt8](repeating: UInt8(truncatingIfNeeded: next), count: Int(next % 7) + 1)
                let frame = FrameRecord(
                    time: 0, offset: 0, capturedLength: UInt32(octets.count), wireLength: next, linkType: 1,
                    interface: 0)
                queue.append(frame, octets.span, arrival: 0, slot: 0, serial: 0)
                next += 1
            } else if let head = queue.head {
                let octet = queue.headOctets[0]
                let isRight = head.frame.wireLength == expected && octet == UInt8(truncatingIfNeeded: expected)
                #expect(isRight)
                queue.removeFirst()
                expected += 1
            }
            #expect(queue.count == Int(next - expected))
        }
    }
}
