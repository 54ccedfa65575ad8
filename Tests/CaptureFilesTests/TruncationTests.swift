import CaptureTestSupport
import Testing

@testable import CaptureFiles

/// Files cut at every octet of their last block: all before it is read. Files of every block that the writer makes, in
/// random order, and those of a corpus.
@Suite struct TruncationTests {
    /// A file that ends with a block of the kind, and where that begins.
    struct Ending: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var octets: [UInt8]
        var last: Int
        var frames: [ParsedCapture.Frame]
        /// Of the last block.
        var lastFrame: ParsedCapture.Frame?
    }

    enum Block: CaseIterable {
        case section, interface, packet, packetWithOptions, simplePacket, names, statistics, secrets, custom
    }

    /// Blocks at random, and `last` behind them.
    static func file(_ order: ByteOrder, _ last: Block, seed: UInt64) -> Ending {
        var generator = SeededGenerator(seed: seed)
        var writer = PcapngWriter(byteOrder: order)
        var ending = Ending(testDescription: "\(order), \(last), \(seed)", octets: [], last: 0, frames: [])
        var interfaces: UInt16 = 1
        var sectionInterfaces: UInt32 = 1
        var ethernet = CaptureInterface(linkType: 1)
        ethernet.resolution = .nanoseconds
        writer.appendSectionHeader(application: "tests", to: &ending.octets)
        writer.appendInterface(ethernet, to: &ending.octets)
        let blocks = (0..<20).map { _ in Block.allCases.randomElement(using: &generator)! } + [last]
        for (index, block) in blocks.enumerated() {
            let start = ending.octets.count
            let octets = (0..<Int.random(in: 0...70, using: &generator)).map { UInt8($0) }
            let time = Int64.random(in: 0...1 << 60, using: &generator)
            let interface = UInt32.random(in: 0..<sectionInterfaces, using: &generator)
            var frame: ParsedCapture.Frame?
            switch block {
            case .section:
                writer.appendSectionHeader(hardware: "h", to: &ending.octets)
                writer.appendInterface(ethernet, to: &ending.octets)
                interfaces += 1
                sectionInterfaces = 1
            case .interface:
                ethernet.name = "eth\(index)"
                writer.appendInterface(ethernet, to: &ending.octets)
                interfaces += 1
                sectionInterfaces += 1
            case .packet, .packetWithOptions:
                let hasOptions = block == .packetWithOptions
                writer.appendPacket(
                    interface: interface, time: time, wireLength: 2_000, frame: octets.span,
                    comment: hasOptions ? "PID:1, Comm:x" : nil, flags: hasOptions ? 2 : nil,
                    dropped: hasOptions ? 5 : nil, to: &ending.octets)
                frame = ParsedCapture.Frame(
                    time: time, fileOffset: start + 28, capturedLength: UInt32(octets.count), wireLength: 2_000,
                    linkType: 1, interface: interfaces - UInt16(sectionInterfaces) + UInt16(interface))
            case .simplePacket:
                writer.appendSimplePacket(frame: octets.span, to: &ending.octets)
                frame = ParsedCapture.Frame(
                    time: 0, fileOffset: start + 12, capturedLength: UInt32(octets.count),
                    wireLength: UInt32(octets.count), linkType: 1, interface: interfaces - UInt16(sectionInterfaces))
            case .names: writer.appendNames([(1, "one"), (2, "two")], to: &ending.octets)
            case .statistics:
                var counters = InterfaceCounters()
                counters.received = UInt64(index)
                counters.droppedBySystem = 2
                writer.appendStatistics(interface: interface, time: time, counters, to: &ending.octets)
            case .secrets: writer.appendSecrets(octets.span, to: &ending.octets)
            case .custom: writer.appendCustom(enterprise: 1, octets.span, to: &ending.octets)
            }
            if index < blocks.count - 1 {
                if let frame { ending.frames.append(frame) }
            } else {
                ending.lastFrame = frame
                ending.last = start
            }
        }
        return ending
    }

    @Test(arguments: [ByteOrder.littleEndian, .bigEndian], Block.allCases)
    func everythingBeforeTheLastBlockIsRead(order: ByteOrder, last: Block) {
        for seed in 0..<4 as Range<UInt64> {
            let file = Self.file(order, last, seed: seed)
            let whole = ParsedCapture(file.octets)
            #expect(whole.stop == .end && whole.frames == file.frames + [file.lastFrame].compactMap(\.self))
            #expect(whole.parser.statistics.badRecords == 0)
            for cut in file.last..<file.octets.count {
                let parsed = ParsedCapture(Array(file.octets[..<cut]))
                #expect(parsed.frames == file.frames, "\(file.testDescription), cut at \(cut)")
                // A section is its header and its first interface here.
                guard last != .section else { continue }
                if cut == file.last {
                    #expect(parsed.stop == .end)
                } else {
                    let isEarly = if case .endedEarly = parsed.stop { true } else { false }
                    #expect(isEarly, "\(file.testDescription), cut at \(cut)")
                }
            }
        }
    }

    /// What the writer says of interfaces comes back.
    @Test func interfacesAndStatisticsComeBack() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<50 {
            var interface = CaptureInterface(linkType: UInt16.random(in: 0...300, using: &generator))
            interface.snapLength = UInt32.random(in: 0...1 << 20, using: &generator)
            interface.resolution = TimeResolution(octet: UInt8.random(in: 3...9, using: &generator))
            interface.offsetSeconds = Int64.random(in: -1_000...1_000, using: &generator)
            interface.speed = UInt64.random(in: 0...1 << 40, using: &generator)
            interface.frameCheckOctets = Bool.random(using: &generator) ? 4 : nil
            for path in [
                \CaptureInterface.name, \.details, \.filter, \.hardware, \.operatingSystem,
            ] where Bool.random(using: &generator) {
                interface[keyPath: path] = String(repeating: "ü", count: Int.random(in: 1...9, using: &generator))
            }
            var counters = InterfaceCounters()
            counters.received = UInt64.random(in: 0...1 << 40, using: &generator)
            counters.droppedBySystem = Bool.random(using: &generator) ? 7 : nil
            counters.delivered = Bool.random(using: &generator) ? 8 : nil
            var octets: [UInt8] = []
            var writer = PcapngWriter(byteOrder: Bool.random(using: &generator) ? .bigEndian : .littleEndian)
            writer.appendSectionHeader(to: &octets)
            writer.appendInterface(interface, to: &octets)
            writer.appendStatistics(time: 1, counters, to: &octets)
            let read = ParsedCapture(octets).parser.interfaces[0]
            interface.counters = counters
            #expect(read == interface)
        }
    }
}
