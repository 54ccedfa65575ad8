/// The three kinds of block that hold a frame (pcapng § 4.3, § 4.4, appendix A).
extension CaptureParser {
    /// Fixed fields of an Enhanced Packet Block and a Packet Block: interface, time, captured length, length on the
    /// wire.
    static let packetFieldOctets = 20
    /// With type and both lengths: the shortest Enhanced Packet Block.
    private static let packetBlockOctets = 32

    /// What a run of Enhanced Packet Blocks adds to the statistics.
    private struct Run {
        var frames = 0
        var clamped: UInt64 = 0
        var beyondWire: UInt64 = 0
    }

    /// A run of whole, sound Enhanced Packet Blocks without options. Stops before the first block that is anything
    /// else, which the general path then deals with.
    mutating func enhancedPackets(
        _ order: ByteOrder, _ window: Span<UInt8>, _ position: inout Int, _ frames: inout FrameList
    ) {
        let run =
            switch order {
            case .littleEndian:
                Self.enhancedPacketLoop(
                    .littleEndian, window, &position, &frames, clocks.span, base: sectionBase, count: sectionInterfaces)
            case .bigEndian:
                Self.enhancedPacketLoop(
                    .bigEndian, window, &position, &frames, clocks.span, base: sectionBase, count: sectionInterfaces)
            }
        statistics.enhancedPacketBlocks &+= UInt64(run.frames)
        statistics.clampedTimes &+= run.clamped
        statistics.capturedBeyondWire &+= run.beyondWire
    }

    /// The hot loop, once per byte order. `base` and `count`: where the section's interfaces lie in `clocks`.
    @inline(always) private static func enhancedPacketLoop(
        _ order: ByteOrder, _ window: Span<UInt8>, _ start: inout Int, _ frames: inout FrameList,
        _ clocks: Span<InterfaceClock>, base: Int, count interfaces: Int
    ) -> Run {
        let end = window.count
        let room = frames.storage.count
        var count = frames.count
        let before = count
        var position = start
        var run = Run()
        let known = min(interfaces, clocks.count - base)
        var output = frames.storage.mutableSpan

        // All sums below stay under 2³³ (the window has less than 2³² octets), so none can overflow.
        while count < room, end &- position >= packetBlockOctets {
            // One check for the fixed fields: of a span of known length the optimiser folds the reads into single
            // loads.
            let fields = window.extracting(position..<position &+ 28)
            guard order.uint32(fields, at: 0) == BlockType.enhancedPacket.rawValue else { break }
            let length = order.uint32(fields, at: 4)
            let interface = Int(order.uint32(fields, at: 8))
            let ticks = UInt64(order.uint32(fields, at: 12)) << 32 | UInt64(order.uint32(fields, at: 16))
            let captured = order.uint32(fields, at: 20)
            let wire = order.uint32(fields, at: 24)
            // Exactly the frame and its padding: no options, a length counted as the specification says.
            let exact = ((Int(captured) &+ 3) & ~3) &+ packetBlockOctets
            guard Int(length) == exact, exact <= end &- position, interface < known else { break }
            let next = position &+ exact
            guard order.uint32(window.extracting(next &- 4..<next), at: 0) == length else { break }
            let clock = clocks[base &+ interface]
            guard clock.isUsable, captured <= clock.capturedMax else { break }
            let time = clock.nanoseconds(ticks)
            run.clamped &+= time == .max || time == .min ? 1 : 0
            run.beyondWire &+= captured > wire ? 1 : 0
            output[count] = FrameRecord(
                time: time, offset: UInt32(truncatingIfNeeded: position &+ 28), capturedLength: captured,
                wireLength: wire, linkType: clock.linkType,
                interface: UInt16(truncatingIfNeeded: base &+ interface))
            count &+= 1  // at most `room`
            position = next  // at most `end`
        }

        run.frames = count - before
        frames.count = count
        start = position
        return run
    }

    /// Any Enhanced Packet Block or obsolete Packet Block, its options included.
    mutating func packet(
        _ type: BlockType, _ order: ByteOrder, _ body: Range<Int>, _ window: Span<UInt8>, _ frames: inout FrameList
    ) {
        guard body.count >= Self.packetFieldOctets else {
            statistics[.blockTooShort] += 1
            return
        }
        let at = body.lowerBound
        let isEnhanced = type == .enhancedPacket
        let interface = isEnhanced ? Int(order.uint32(window, at: at)) : Int(order.uint16(window, at: at))
        let ticks = UInt64(order.uint32(window, at: at + 4)) << 32 | UInt64(order.uint32(window, at: at + 8))
        let captured = order.uint32(window, at: at + 12)
        let wire = order.uint32(window, at: at + 16)
        guard let clock = clock(interface) else {
            statistics[.unknownInterface] += 1
            return
        }
        let frame = at + Self.packetFieldOctets
        guard Int(captured) <= body.upperBound - frame else {
            statistics[.capturedLengthBeyondBlock] += 1
            return
        }
        guard captured <= clock.capturedMax else {
            statistics[.capturedLengthTooLarge] += 1
            return
        }
        let time = clock.nanoseconds(ticks)
        if time == .max || time == .min { statistics.clampedTimes += 1 }
        append(
            FrameRecord(
                time: time, offset: UInt32(truncatingIfNeeded: frame), capturedLength: captured, wireLength: wire,
                linkType: clock.linkType, interface: UInt16(truncatingIfNeeded: sectionBase + interface)), to: &frames)
        if isEnhanced {
            statistics.enhancedPacketBlocks += 1
        } else {
            statistics.packetBlocks += 1
            let drops = order.uint16(window, at: at + 2)
            if drops != 0xFFFF { statistics.droppedBeforePackets &+= UInt64(drops) }  // 0xFFFF: unknown
        }
        let options = min(frame + (Int(captured) + 3) & ~3, body.upperBound)..<body.upperBound
        if !options.isEmpty { packetOptions(order, options, window) }
    }

    private mutating func packetOptions(_ order: ByteOrder, _ range: Range<Int>, _ window: Span<UInt8>) {
        var reader = OptionReader(range, order)
        while let (code, value) = reader.next(window) {
            if code == 4, let drops = reader.uint64(window, value) {  // epb_dropcount
                statistics.droppedBeforePackets &+= drops
            }
        }
        if reader.isMalformed { statistics[.badOption] += 1 }
    }

    /// A Simple Packet Block: the section's first interface, no time, and no captured length but what follows from the
    /// snap length and the block.
    mutating func simplePacket(
        _ order: ByteOrder, _ body: Range<Int>, _ window: Span<UInt8>, _ frames: inout FrameList
    ) {
        guard body.count >= 4 else {
            statistics[.blockTooShort] += 1
            return
        }
        guard let clock = clock(0) else {
            statistics[.unknownInterface] += 1
            return
        }
        let wire = order.uint32(window, at: body.lowerBound)
        let snapLength = interfaces[sectionBase].snapLength
        let captured = snapLength == 0 ? wire : min(wire, snapLength)
        let frame = body.lowerBound + 4
        guard Int(captured) <= body.upperBound - frame else {
            statistics[.capturedLengthBeyondBlock] += 1
            return
        }
        guard captured <= clock.capturedMax else {
            statistics[.capturedLengthTooLarge] += 1
            return
        }
        statistics.simplePacketBlocks += 1
        statistics.framesWithoutTime += 1
        append(
            FrameRecord(
                time: 0, offset: UInt32(truncatingIfNeeded: frame), capturedLength: captured, wireLength: wire,
                linkType: clock.linkType, interface: UInt16(truncatingIfNeeded: sectionBase)), to: &frames)
    }

    /// The caller made sure of room before it took the block.
    private mutating func append(_ frame: FrameRecord, to frames: inout FrameList) {
        if frame.capturedLength > frame.wireLength { statistics.capturedBeyondWire += 1 }
        frames.storage[frames.count] = frame
        frames.count += 1
    }
}
