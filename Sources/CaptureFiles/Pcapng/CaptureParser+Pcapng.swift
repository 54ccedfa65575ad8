/// pcapng: blocks of a type, a length, a body and the length again (§ 3.1).
extension CaptureParser {
    /// Type and two lengths: the shortest block there is.
    static let emptyBlockOctets = 12

    /// Parses blocks until the window or the list ends. `nil`: the state changed, go on with it.
    mutating func blocks(
        _ order: ByteOrder, _ input: borrowing Input, _ position: inout Int, _ frames: inout FrameList
    ) -> Stop? {
        // Runs of Enhanced Packet Blocks first, as nearly all blocks are; each other block is one turn.
        if statistics.sections > 0 { enhancedPackets(order, input.octets, &position, &frames) }
        let available = input.octets.count - position
        guard available > 0 else { return input.incomplete(at: position, needed: Self.emptyBlockOctets) }
        guard !frames.isFull else { return .full }
        guard available >= Self.emptyBlockOctets else {
            return input.incomplete(at: position, needed: Self.emptyBlockOctets)
        }
        let type = BlockType(rawValue: order.uint32(input.octets, at: position))
        if type == .sectionHeader { return sectionHeader(input, &position) }
        guard statistics.sections > 0 else {
            return .failed(
                CaptureFailure(.noSectionHeader, at: input.offset(of: position), found: UInt64(type.rawValue)))
        }
        let claimed = order.uint32(input.octets, at: position + 4)
        guard let length = Self.blockLength(claimed) else {
            return .failed(
                CaptureFailure(
                    .blockLengthTooShort, at: input.offset(of: position), found: UInt64(claimed),
                    expected: UInt64(Self.emptyBlockOctets)))
        }
        switch demand(type, order, length, input, position) {
        case .skip: return skipBlock(type, order, claimed, length, input, &position)
        case .fail(let reason, let limit):
            return .failed(
                CaptureFailure(reason, at: input.offset(of: position), found: UInt64(claimed), expected: UInt64(limit)))
        case .whole:
            guard available >= length else { return input.incomplete(at: position, needed: length) }
            if let failure = lengthMismatch(order, claimed, at: position, length, input) { return .failed(failure) }
            let body = position + 8..<position + length - 4
            if keepsBlocks { keep(type, order, input.octets, position..<position + length) }
            self.block(type, order, body, input.octets, &frames)
            position += length
            return nil
        }
    }

    /// The octets a block takes. Some writers do not count the padding of the last four octets; readers round up.
    @inline(always) static func blockLength(_ claimed: UInt32) -> Int? {
        claimed >= emptyBlockOctets ? (Int(claimed) + 3) & ~3 : nil
    }

    /// What has to be in the window before a block can be dealt with.
    private enum Demand {
        case whole
        case skip
        case fail(CaptureFailure.Reason, limit: Int)
    }

    private mutating func demand(
        _ type: BlockType, _ order: ByteOrder, _ length: Int, _ input: borrowing Input, _ position: Int
    ) -> Demand {
        switch type {
        case .interfaceDescription:
            return length <= Self.metadataBlockMax ? .whole : .fail(.blockTooLarge, limit: Self.metadataBlockMax)
        case .enhancedPacket, .packet, .simplePacket:
            return packetDemand(type, order, length, input, position)
        case .interfaceStatistics where length <= Self.metadataBlockMax:
            return .whole
        case .decryptionSecrets where (keepsSecrets || keepsBlocks) && length <= Self.secretsBlockMax:
            return .whole
        default:
            return length <= Self.bufferedBlockMax ? .whole : .skip
        }
    }

    /// Keeps a copy of a block, packets excepted.
    mutating func keep(_ type: BlockType, _ order: ByteOrder, _ window: Span<UInt8>, _ range: Range<Int>) {
        if type.holdsFrame { return }
        var octets: [UInt8] = []
        octets.append(contentsOf: window.extracting(range))
        keptBlocks.append(
            CaptureBlock(type: type, byteOrder: order, framesBefore: statistics.frames, octets: octets))
    }

    /// A packet block too large for any frame of its interface is skipped and not buffered.
    private mutating func packetDemand(
        _ type: BlockType, _ order: ByteOrder, _ length: Int, _ input: borrowing Input, _ position: Int
    ) -> Demand {
        // The common block, without looking at its interface.
        if length <= Self.bufferedBlockMax { return .whole }
        let interface: Int
        switch type {
        case .enhancedPacket: interface = Int(order.uint32(input.octets, at: position + 8))
        case .packet: interface = Int(order.uint16(input.octets, at: position + 8))
        default: interface = 0
        }
        let limit: Int
        if let clock = clock(interface) {
            limit = Int(clock.capturedMax) + Self.blockOverheadMax
        } else {
            limit = Self.bufferedBlockMax
        }
        return length <= limit ? .whole : .skip
    }

    /// What the current section's interface `local` says; `nil` if it described none or a broken one of that number.
    func clock(_ local: Int) -> InterfaceClock? {
        guard local < sectionInterfaces, sectionBase + local < clocks.count else { return nil }
        let clock = clocks[sectionBase + local]
        return clock.isUsable ? clock : nil
    }

    /// The second length must equal the first, or the next block may start anywhere.
    private func lengthMismatch(
        _ order: ByteOrder, _ claimed: UInt32, at position: Int, _ length: Int, _ input: borrowing Input
    ) -> CaptureFailure? {
        let second = order.uint32(input.octets, at: position + length - 4)
        return Self.lengthMismatch(claimed, second, at: input.offset(of: position))
    }

    private static func lengthMismatch(_ first: UInt32, _ second: UInt32, at offset: Int64) -> CaptureFailure? {
        guard blockLength(first) != blockLength(second) else { return nil }
        return CaptureFailure(.blockLengthsDiffer, at: offset, found: UInt64(first), expected: UInt64(second))
    }

    private mutating func skipBlock(
        _ type: BlockType, _ order: ByteOrder, _ claimed: UInt32, _ length: Int, _ input: borrowing Input,
        _ position: inout Int
    ) -> Stop? {
        state = .skippedBlock(type, order, length: claimed, start: input.offset(of: position))
        let body = length - 4
        let available = input.octets.count - position
        guard available < body else {
            position += body
            return nil
        }
        return input.isFinal ? input.incomplete(at: position, needed: length) : .skip(Int64(body))
    }

    private mutating func countSkipped(_ type: BlockType) {
        switch type {
        case .enhancedPacket, .packet, .simplePacket: statistics[.blockTooLong] += 1
        case .interfaceStatistics: statistics.countBadBlock(.blockTooLong)
        default: count(type)
        }
    }

    /// After a skipped body: the second length. Only now the block is counted: one that is cut is told of as that.
    mutating func trailer(
        _ type: BlockType, _ order: ByteOrder, length: UInt32, start: Int64, _ input: borrowing Input,
        _ position: inout Int
    ) -> Stop? {
        let available = input.octets.count - position
        guard available >= 4 else {
            guard input.isFinal else { return .needMore(4) }
            let had = input.offset(of: input.octets.count) - start
            return .endedEarly(
                CutShort(
                    fileOffset: start, available: Int(clamping: had), needed: Int64((UInt64(length) + 3) & ~3)))
        }
        let second = order.uint32(input.octets, at: position)
        if let failure = Self.lengthMismatch(length, second, at: start) { return .failed(failure) }
        position += 4
        countSkipped(type)
        state = .pcapng(order)
        return nil
    }

    private mutating func count(_ type: BlockType) {
        switch type {
        case .nameResolution: statistics.nameResolutionBlocks += 1
        case .decryptionSecrets: statistics.decryptionSecretsBlocks += 1
        case .custom, .customNotCopied: statistics.customBlocks += 1
        default: statistics.unknownBlocks += 1
        }
    }

    /// One whole block; `body` lies between its lengths.
    private mutating func block(
        _ type: BlockType, _ order: ByteOrder, _ body: Range<Int>, _ window: Span<UInt8>, _ frames: inout FrameList
    ) {
        switch type {
        case .interfaceDescription: interfaceDescription(order, body, window)
        case .interfaceStatistics: interfaceStatistics(order, body, window)
        case .enhancedPacket: packet(.enhancedPacket, order, body, window, &frames)
        case .packet: packet(.packet, order, body, window, &frames)
        case .simplePacket: simplePacket(order, body, window, &frames)
        case .decryptionSecrets:
            count(type)
            if keepsSecrets { decryptionSecrets(order, body, window) }
        default: count(type)
        }
    }
}
