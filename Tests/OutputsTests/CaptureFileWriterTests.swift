import CaptureFiles
import CaptureTestSupport
import KernelIO
import TestSupport
import Testing

@testable import Outputs

/// Captures in several files, each read back by itself.
@Suite struct CaptureFileWriterTests {
    /// Writes packets with a seed, and gives what is in each file, the oldest first.
    struct Written {
        var files: [[UInt8]] = []
        var counts = CaptureFileWriter.Counts()
        var failure: SystemFailure?
    }

    static func write(
        _ rotation: CaptureRotation, path: String = "c.pcapng",
        _ body: (CaptureFileWriter) throws -> Void
    ) throws -> Written {
        try Golden.withTemporaryDirectory { folder in
            let source = CaptureFileFolder(path: folder + "/" + path, rotation: rotation)
            let writer = try CaptureFileWriter(source, rotation: rotation)
            try body(writer)
            var written = Written()
            do throws(SystemFailure) { try writer.close() } catch { written.failure = error }
            written.files = try source.paths.map { try InputFile.contents(of: $0, atMost: 64 << 20) }
            #expect(try FileTree.names(in: folder).count == source.paths.count)
            written.counts = writer.counts
            return written
        }
    }

    static func interface(_ name: String, linkType: UInt16 = 1) -> CaptureInterface {
        var interface = CaptureInterface(linkType: linkType)
        interface.name = name
        return interface
    }

    private static func packet(_ number: Int, interface: UInt32, connection: Int? = nil) -> CaptureFileWriter.Packet {
        var packet = CaptureFileWriter.Packet(interface: interface, time: start + Int64(number) * 1_000_001)
        packet.connection = connection
        packet.comment = number % 3 == 0 ? Array("PID:7, Comm:curl".utf8) : []
        packet.flags = number % 2 == 0 ? 1 : nil
        return packet
    }

    private static let start: Int64 = 1_700_000_000_123_456_789

    /// Writes `count` packets whose first octets are their number.
    private static func fill(_ writer: CaptureFileWriter, _ count: Int) {
        let interfaces = [
            writer.addInterface(interface("lo")), writer.addInterface(interface("any", linkType: 113)),
        ]
        var generator = SeededGenerator(seed: 7)
        for number in 0..<count {
            let size = Int.random(in: 4...300, using: &generator)
            var frame = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size)
            for index in 0..<4 { frame[index] = UInt8(truncatingIfNeeded: number >> (24 - 8 * index)) }
            writer.append(packet(number, interface: interfaces[number % 2]), frame.span)
            if number % 10 == 0 {
                var counters = InterfaceCounters()
                counters.received = UInt64(number)
                counters.droppedBySystem = 3
                writer.set(counters, of: interfaces[1], at: start)
            }
        }
    }

    private static func numbers(_ file: [UInt8], _ parsed: ParsedCapture) -> [Int] {
        parsed.frames.map { frame in file[frame.fileOffset..<frame.fileOffset + 4].reduce(0) { $0 << 8 | Int($1) } }
    }

    @Test func oneFileHasEverything() throws {
        let written = try Self.write(CaptureRotation()) { Self.fill($0, 100) }
        let parsed = ParsedCapture(written.files[0])
        #expect(written.failure == nil && written.files.count == 1 && parsed.stop == .end)
        #expect(Self.numbers(written.files[0], parsed) == Array(0..<100))
        #expect(parsed.frames.map(\.time) == (0..<100).map { Self.start + Int64($0) * 1_000_001 })
        #expect(parsed.frames.map(\.interface) == (0..<100).map { UInt16($0 % 2) })
        #expect(parsed.parser.interfaces.map(\.name) == ["lo", "any"])
        #expect(parsed.parser.interfaces[1].counters?.received == 90)
        #expect(parsed.parser.interfaces[1].counters?.droppedBySystem == 3)
        #expect(parsed.parser.interfaces[0].counters == nil)
        #expect(written.counts.packets == 100 && written.counts.written == 100 && written.counts.lost == 0)
        #expect(written.counts.octets == UInt64(written.files[0].count))
    }

    @Test(arguments: [4_096, 10_000] as [UInt64]) func filesStayBelowTheirSize(octets: UInt64) throws {
        let written = try Self.write(CaptureRotation(octetsMax: octets)) { Self.fill($0, 400) }
        var numbers: [Int] = []
        for file in written.files {
            let parsed = ParsedCapture(file)
            #expect(parsed.stop == .end && UInt64(file.count) <= octets)
            #expect(parsed.parser.interfaces.map(\.name) == ["lo", "any"])
            numbers += Self.numbers(file, parsed)
        }
        #expect(numbers == Array(0..<400))
        #expect(written.files.count > 400 * 150 / Int(octets) && written.counts.files == written.files.count)
    }

    @Test func timeBeginsFiles() throws {
        // Packets stand 1,000,001 ns apart: so the tenth behind a file's first is 10,000,010 ns later.
        let written = try Self.write(CaptureRotation(nanosecondsMax: 10_000_000)) { Self.fill($0, 95) }
        #expect(written.files.map { ParsedCapture($0).frames.count } == [Int](repeating: 10, count: 9) + [5])
    }

    @Test func theOldestFilesGo() throws {
        let rotation = CaptureRotation(nanosecondsMax: 10_000_000, filesMax: 3)
        let written = try Self.write(rotation) { Self.fill($0, 95) }
        let numbers = written.files.flatMap { Self.numbers($0, ParsedCapture($0)) }
        #expect(numbers == Array(70..<95))
        #expect(written.counts.removed == 70 && written.counts.written == 95 && written.counts.files == 10)
    }

    @Test func namesSayNumberAndTime() {
        let rotation = CaptureRotation(octetsMax: 1)
        #expect(rotation.path("/a.b/c.pcapng", number: 3, time: 0) == "/a.b/c_00003_19700101000000.pcapng")
        #expect(rotation.path("/a.b/c", number: 123_456, time: 0) == "/a.b/c_123456_19700101000000")
        #expect(rotation.path("/a.b/.c", number: 1, time: 0) == "/a.b/.c_00001_19700101000000")
        #expect(CaptureRotation().path("c.pcapng", number: 1, time: 0) == "c.pcapng")
    }

    // MARK: - Secrets

    private static func secrets(_ file: [UInt8]) -> [(before: UInt64, text: String)] {
        var parser = CaptureParser()
        parser.keepsBlocks = true
        var frames = FrameList(capacity: 4_096)
        var position = 0
        _ = parser.parse(file.span, position: &position, fileOffset: 0, isFinal: true, frames: &frames)
        return parser.takeBlocks().compactMap { block in
            block.secrets.map { (block.framesBefore, String(decoding: $0.octets, as: UTF8.self)) }
        }
    }

    @Test func secretsStandBeforeTheirPackets() throws {
        let written = try Self.write(CaptureRotation(nanosecondsMax: 4_000_000)) { writer in
            let interface = writer.addInterface(Self.interface("lo"))
            func packet(_ number: Int, _ connection: Int?) {
                writer.append(Self.packet(number, interface: interface, connection: connection), [0, 0, 0, 1].span)
            }
            packet(0, 1)
            writer.add(secrets: Array("a\n".utf8).span, of: 1)
            writer.add(secrets: Array("x\n".utf8).span, of: 2)
            packet(1, nil)
            packet(2, 1)
            writer.add(secrets: Array("b\n".utf8).span, of: 1)
            packet(3, 1)
            // The second file: both of the first connection's again, then the other one's.
            packet(4, 1)
            packet(5, 2)
            writer.forget(connection: 2)
            writer.add(secrets: Array("z\n".utf8).span, of: nil)
            packet(6, 2)
            // The third one: none of what is forgotten.
            packet(9, 2)
        }
        let secrets = written.files.map { Self.secrets($0).map { "\($0.before) \($0.text)" } }
        #expect(secrets == [["2 a\n", "3 b\n"], ["0 a\nb\n", "1 x\n", "2 z\n"], []])
        #expect(written.counts.secretsBlocks == 5)
    }

    @Test func secretsAreForgottenForRoom() {
        var secrets = ConnectionSecrets(octetsMax: 100)
        let lines = [UInt8](repeating: 1, count: 40)
        var forgotten = 0
        for connection in 0..<500 { forgotten += secrets.add(lines.span, of: connection) }
        #expect(forgotten == 498 * 40)
        #expect(secrets.due(of: 497).isEmpty && secrets.due(of: 498) == lines && secrets.due(of: 499) == lines)
        #expect(secrets.due(of: 499).isEmpty)
        secrets.beginFile()
        #expect(secrets.due(of: 499) == lines)
    }

    // MARK: - Failures

    /// A pipe that nobody reads takes no octet.
    @Test func whatCannotBeWrittenIsCounted() throws {
        let writer = try CaptureFileWriter(CaptureFileFolder(path: "/dev/full", rotation: CaptureRotation()))
        Self.fill(writer, 50)
        #expect(throws: SystemFailure.self) { try writer.close() }
        Self.fill(writer, 50)
        #expect(writer.counts.packets == 100 && writer.counts.lost == 100 && writer.counts.written == 0)
        #expect(writer.failure?.operation == "write")
    }
}
