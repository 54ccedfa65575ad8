import CaptureFiles

/// A capture made by the writers, with the frames that must come out again and where each record ends in the file.
public struct WrittenCapture: Sendable {
    public var octets: [UInt8] = []
    public var frames: [ParsedCapture.Frame] = []
    /// File offsets at which the file could end cleanly: after the header and after each record or block.
    public var boundaries: [Int] = []
    /// Parallel to `boundaries`: frames before it.
    public var framesBefore: [Int] = []

    /// `count` frames of 0 ... 90 octets, times ascending by odd steps, some frames cut by the snap length.
    public static func pcap(
        _ order: ByteOrder, _ fraction: SecondFraction, linkType: UInt16 = 1, count: Int = 12, seed: UInt64 = 1
    ) -> WrittenCapture {
        var generator = SeededGenerator(seed: seed)
        let writer = PcapWriter(linkType: linkType, snapLength: 96, fraction: fraction, byteOrder: order)
        var capture = WrittenCapture()
        writer.appendHeader(to: &capture.octets)
        capture.markBoundary()
        var time: Int64 = 1_700_000_000_123_456_789
        for index in 0..<count {
            let frame = (0..<Int.random(in: 0...90, using: &generator)).map { UInt8(truncatingIfNeeded: $0) }
            let wire = UInt32(frame.count) + (index % 3 == 0 ? 1000 : 0)
            capture.frames.append(
                ParsedCapture.Frame(
                    time: fraction == .microseconds ? time / 1000 * 1000 : time, fileOffset: capture.octets.count + 16,
                    capturedLength: UInt32(frame.count), wireLength: wire, linkType: linkType, interface: 0))
            writer.appendRecord(time: time, wireLength: wire, frame: frame.span, to: &capture.octets)
            capture.markBoundary()
            time += Int64.random(in: 0...3_000_000_000, using: &generator)
        }
        return capture
    }

    /// Two sections of both byte orders, three interfaces, every kind of block the writer knows, and a large unneeded
    /// one.
    public static func pcapng(
        _ first: ByteOrder, skippedOctets: Int = 200, seed: UInt64 = 1
    ) -> WrittenCapture {
        var capture = WrittenCapture()
        var generator = SeededGenerator(seed: seed)
        let second: ByteOrder = first == .littleEndian ? .bigEndian : .littleEndian
        capture.section(first, &generator, skippedOctets: skippedOctets)
        capture.section(second, &generator, skippedOctets: 0)
        return capture
    }

    private mutating func section(
        _ order: ByteOrder, _ generator: inout SeededGenerator, skippedOctets: Int
    ) {
        let base = UInt16(frames.map { Int($0.interface) + 1 }.max() ?? 0)
        var writer = PcapngWriter(byteOrder: order)
        writer.appendSectionHeader(
            hardware: "a machine", operatingSystem: "an OS", application: "the tests", to: &octets)
        markBoundary()
        var ethernet = CaptureInterface(linkType: 1)
        ethernet.name = "eth0"
        ethernet.snapLength = 96
        ethernet.filter = "ip or ip6"
        ethernet.speed = 1_000_000_000
        writer.appendInterface(ethernet, to: &octets)
        markBoundary()
        var cooked = CaptureInterface(linkType: 113)
        cooked.resolution = .nanoseconds
        cooked.offsetSeconds = 1_000_000_000
        cooked.details = "every interface"
        cooked.frameCheckOctets = 4
        writer.appendInterface(cooked, to: &octets)
        markBoundary()
        writer.appendNames([(0x0102_0304, "host.example"), (0x0A00_0001, "a")], to: &octets)
        markBoundary()
        var time: Int64 = 1_700_000_000_123_456_789
        for index in 0..<10 {
            packet(index, writer, base, time, &generator)
            time += Int64.random(in: 0...3_000_000_000, using: &generator)
        }
        var counters = InterfaceCounters()
        counters.received = 10
        counters.droppedByInterface = 3
        writer.appendStatistics(interface: 1, time: time, counters, to: &octets)
        markBoundary()
        writer.appendSecrets([1, 2, 3, 4, 5].span, to: &octets)
        markBoundary()
        writer.appendCustom(
            enterprise: 4711, [UInt8](repeating: 6, count: skippedOctets).span, mayBeCopied: base == 0, to: &octets)
        markBoundary()
        packet(10, writer, base, time, &generator)
    }

    /// Every fifth packet has options, every seventh is a Simple Packet Block.
    private mutating func packet(
        _ index: Int, _ writer: PcapngWriter, _ base: UInt16, _ time: Int64, _ generator: inout SeededGenerator
    ) {
        let frame = (0..<Int.random(in: 0...90, using: &generator)).map { UInt8(truncatingIfNeeded: $0) }
        let isSimple = index % 7 == 6
        let interface = UInt32(isSimple ? 0 : index & 1)
        let length = UInt32(frame.count)
        frames.append(
            ParsedCapture.Frame(
                time: isSimple ? 0 : interface == 0 ? time / 1000 * 1000 : time,
                fileOffset: octets.count + (isSimple ? 12 : 28), capturedLength: length,
                wireLength: isSimple ? length : length + 7, linkType: interface == 0 ? 1 : 113,
                interface: base + UInt16(interface)))
        if isSimple {
            writer.appendSimplePacket(frame: frame.span, to: &octets)
        } else {
            writer.appendPacket(
                interface: interface, time: time, wireLength: length + 7, frame: frame.span,
                comment: index % 5 == 0 ? "look here" : nil, flags: index % 5 == 0 ? 1 : nil,
                dropped: index % 5 == 0 ? 2 : nil, to: &octets)
        }
        markBoundary()
    }

    private mutating func markBoundary() {
        boundaries.append(octets.count)
        framesBefore.append(frames.count)
    }
}
