/// The classic format: a file header, then records of a fixed header and a frame.
extension CaptureParser {
    mutating func pcapHeader(_ magic: PcapHeader.Magic, _ input: borrowing Input, _ position: inout Int) -> Stop? {
        let octets = PcapHeader.octets + (magic.variant == .ixia ? 4 : 0)
        guard input.octets.count - position >= octets else { return input.incomplete(at: position, needed: octets) }
        var header: PcapHeader
        do throws(CaptureFailure) {
            header = try PcapHeader(magic, input.octets, at: position, fileOffset: input.offset(of: position))
        } catch {
            return .failed(error)
        }
        if header.variant == .modified, let step = tellModifiedVariants(&header, input, position) { return step }
        position += octets
        describeInterface(header)
        format = .pcap(header)
        state = .pcap(header)
        return nil
    }

    private mutating func describeInterface(_ header: PcapHeader) {
        var interface = CaptureInterface(linkType: header.linkType)
        interface.snapLength = header.snapLength
        interface.resolution = header.fraction == .microseconds ? .microseconds : .nanoseconds
        interface.frameCheckOctets = header.frameCheckOctets
        interfaces.append(interface)
    }

    /// Two patches share a magic and differ in their record headers. Whichever leads to a more plausible second record
    /// is taken, the later and more common one where both do.
    private func tellModifiedVariants(
        _ header: inout PcapHeader, _ input: borrowing Input, _ position: Int
    ) -> Stop? {
        let limit = Self.capturedLengthMax(linkType: header.linkType)
        let first = position + PcapHeader.octets
        let longest = 28
        guard input.octets.count - first >= 16 else { return input.isFinal ? nil : .needMore(first + 16 - position) }
        let captured = header.byteOrder.uint32(input.octets, at: first + 8)
        guard captured <= limit else { return nil }
        let second = first + Int(captured)
        guard input.octets.count - second >= longest + 16 || input.isFinal else {
            return .needMore(second + longest + 16 - position)
        }
        func isPlausible(_ record: Int) -> Bool {
            guard input.octets.count - record >= 16 else { return input.octets.count == record }
            let captured = header.byteOrder.uint32(input.octets, at: record + 8)
            return header.byteOrder.uint32(input.octets, at: record + 4) < 1_000_000 && captured <= limit
                && captured <= header.byteOrder.uint32(input.octets, at: record + 12)
        }
        if !isPlausible(second + 24), isPlausible(second + longest) { header.variant = .modifiedSMP }
        return nil
    }

    /// Chooses the loop: each call below is a copy of `recordLoop` with its constants folded in, the last for rare
    /// files.
    mutating func records(
        _ header: PcapHeader, _ input: borrowing Input, _ position: inout Int, _ frames: inout FrameList
    ) -> Stop {
        let limit = Self.capturedLengthMax(linkType: header.linkType)
        let layout = RecordLayout(header, limit: limit)
        guard layout.headerOctets == 16, header.lengthOrder == .capturedFirst else {
            return recordLoop(layout, input, &position, &frames)
        }
        switch (header.byteOrder, header.fraction) {
        case (.littleEndian, .microseconds):
            return recordLoop(RecordLayout(.littleEndian, 1000, layout), input, &position, &frames)
        case (.littleEndian, .nanoseconds):
            return recordLoop(RecordLayout(.littleEndian, 1, layout), input, &position, &frames)
        case (.bigEndian, .microseconds):
            return recordLoop(RecordLayout(.bigEndian, 1000, layout), input, &position, &frames)
        case (.bigEndian, .nanoseconds):
            return recordLoop(RecordLayout(.bigEndian, 1, layout), input, &position, &frames)
        }
    }

    private struct RecordLayout {
        let order: ByteOrder
        let nanosecondsPerUnit: UInt32
        let headerOctets: Int
        let lengthOrder: PcapHeader.LengthOrder
        let linkType: UInt16
        let limit: UInt32

        init(_ header: PcapHeader, limit: UInt32) {
            order = header.byteOrder
            nanosecondsPerUnit = header.fraction.nanosecondsPerUnit
            headerOctets = header.recordHeaderOctets
            lengthOrder = header.lengthOrder
            linkType = header.linkType
            self.limit = limit
        }

        /// The common layout with constants for all that the loop branches on.
        @inline(always) init(_ order: ByteOrder, _ nanosecondsPerUnit: UInt32, _ common: RecordLayout) {
            self.order = order
            self.nanosecondsPerUnit = nanosecondsPerUnit
            headerOctets = 16
            lengthOrder = .capturedFirst
            linkType = common.linkType
            limit = common.limit
        }
    }

    /// The hot loop: one pass over the records of the window.
    @inline(always) private mutating func recordLoop(
        _ layout: RecordLayout, _ input: borrowing Input, _ start: inout Int, _ frames: inout FrameList
    ) -> Stop {
        let window = input.octets
        let end = window.count
        let room = frames.storage.count
        var count = frames.count
        let before = count
        var oddTimes: UInt64 = 0
        var beyondWire: UInt64 = 0
        let unitsPerSecond = 1_000_000_000 / layout.nanosecondsPerUnit
        var output = frames.storage.mutableSpan
        var tooLarge: UInt32?
        var needed = layout.headerOctets

        // What is left of the window, whose start moves: of a span of known length the optimiser folds the reads into
        // four loads, and has no sum to check.
        var rest = window.extracting(droppingFirst: start)
        while count < room, rest.count >= layout.headerOctets {
            let header = rest.extracting(first: 16)
            let seconds = layout.order.uint32(header, at: 0)
            let fraction = layout.order.uint32(header, at: 4)
            var captured = layout.order.uint32(header, at: 8)
            var wire = layout.order.uint32(header, at: 12)
            if layout.lengthOrder == .wireFirst || layout.lengthOrder == .smallerIsCaptured && captured > wire {
                swap(&captured, &wire)
            }
            guard captured <= layout.limit else {
                tooLarge = captured
                break
            }
            let octets = layout.headerOctets &+ Int(captured)
            guard octets <= rest.count else {
                needed = octets
                break
            }
            oddTimes &+= fraction >= unitsPerSecond ? 1 : 0
            beyondWire &+= captured > wire ? 1 : 0
            let frame = end &- rest.count &+ layout.headerOctets
            output[count] = FrameRecord(
                time: pcapTime(seconds, fraction, layout.nanosecondsPerUnit),
                offset: UInt32(truncatingIfNeeded: frame), capturedLength: captured, wireLength: wire,
                linkType: layout.linkType, interface: 0)
            count &+= 1  // at most `room`
            rest = rest.extracting(droppingFirst: octets)
        }

        let position = end - rest.count
        frames.count = count
        start = position
        statistics.records &+= UInt64(count - before)
        statistics.oddTimes &+= oddTimes
        statistics.capturedBeyondWire &+= beyondWire
        if let tooLarge {
            return .failed(
                CaptureFailure(
                    .recordTooLarge, at: input.offset(of: position), found: UInt64(tooLarge),
                    expected: UInt64(layout.limit)))
        }
        return count == room && end != position ? .full : input.incomplete(at: position, needed: needed)
    }

    /// Nanoseconds since 1970. A part of a second beyond one second is added as Wireshark adds it: as a signed number
    /// of nanoseconds in 32 bits, which wraps.
    @inline(always) private func pcapTime(_ seconds: UInt32, _ fraction: UInt32, _ nanosecondsPerUnit: UInt32) -> Int64
    {
        Int64(seconds) &* 1_000_000_000 &+ Int64(Int32(truncatingIfNeeded: fraction &* nanosecondsPerUnit))
    }
}
