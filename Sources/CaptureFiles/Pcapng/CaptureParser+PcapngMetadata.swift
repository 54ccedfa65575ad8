/// The blocks that describe: sections, interfaces, their statistics (pcapng § 4.1, § 4.2, § 4.6).
extension CaptureParser {
    private static let sectionHeaderOctets = 28
    private static let byteOrderMagic: UInt32 = 0x1A2B_3C4D

    /// A section starts: its own byte order, and interfaces numbered from 0 again.
    mutating func sectionHeader(_ input: borrowing Input, _ position: inout Int) -> Stop? {
        let window = input.octets
        let offset = input.offset(of: position)
        // The caller saw 12 octets: type, length, magic.
        let magic = ByteOrder.bigEndian.uint32(window, at: position + 8)
        let order: ByteOrder
        switch magic {
        case Self.byteOrderMagic: order = .bigEndian
        case Self.byteOrderMagic.byteSwapped: order = .littleEndian
        default: return .failed(CaptureFailure(.badByteOrderMagic, at: offset, found: UInt64(magic)))
        }
        let claimed = order.uint32(window, at: position + 4)
        guard let length = Self.blockLength(claimed), length >= Self.sectionHeaderOctets else {
            return .failed(
                CaptureFailure(
                    .blockLengthTooShort, at: offset, found: UInt64(claimed),
                    expected: UInt64(Self.sectionHeaderOctets)))
        }
        guard length <= Self.metadataBlockMax else {
            return .failed(
                CaptureFailure(
                    .blockTooLarge, at: offset, found: UInt64(claimed), expected: UInt64(Self.metadataBlockMax)))
        }
        guard window.count - position >= length else { return input.incomplete(at: position, needed: length) }
        let major = order.uint16(window, at: position + 12)
        let minor = order.uint16(window, at: position + 14)
        // 1.2 was written by some programs and means 1.0 (§ 4.1).
        guard major == 1, minor == 0 || minor == 2 else {
            return .failed(
                CaptureFailure(.unsupportedVersion, at: offset, found: UInt64(major), expected: UInt64(minor)))
        }
        let second = order.uint32(window, at: position + length - 4)
        guard Self.blockLength(second) == length else {
            return .failed(
                CaptureFailure(.blockLengthsDiffer, at: offset, found: UInt64(claimed), expected: UInt64(second)))
        }
        let claim = order.uint64(window, at: position + 16)
        var section = CaptureSection(
            byteOrder: order, majorVersion: major, minorVersion: minor, length: claim == .max ? nil : claim)
        sectionOptions(order, position + 24..<position + length - 4, window, &section)
        if sections.count < Self.sectionsKeptMax { sections.append(section) }
        statistics.sections += 1
        sectionBase = clocks.count
        sectionInterfaces = 0
        format = .pcapng(order)
        state = .pcapng(order)
        if keepsBlocks { keep(.sectionHeader, order, window, position..<position + length) }
        position += length
        return nil
    }

    private mutating func sectionOptions(
        _ order: ByteOrder, _ range: Range<Int>, _ window: Span<UInt8>, _ section: inout CaptureSection
    ) {
        var reader = OptionReader(range, order)
        while let (code, value) = reader.next(window) {
            switch code {
            case 2: section.hardware = text(value, window)
            case 3: section.operatingSystem = text(value, window)
            case 4: section.application = text(value, window)
            default: break
            }
        }
        if reader.isMalformed { statistics[.badOption] += 1 }
    }

    /// Every block takes a number in its section, sound or not, or later frames would be given to the wrong interface.
    mutating func interfaceDescription(_ order: ByteOrder, _ body: Range<Int>, _ window: Span<UInt8>) {
        statistics.interfaceDescriptionBlocks += 1
        sectionInterfaces += 1
        guard clocks.count < Self.interfacesMax else {
            statistics[.tooManyInterfaces] += 1
            return
        }
        let isWhole = body.count >= 8
        if !isWhole { statistics.countBadBlock(.blockTooShort) }
        var interface = CaptureInterface(linkType: isWhole ? order.uint16(window, at: body.lowerBound) : nil)
        interface.section = Int(clamping: statistics.sections) - 1
        if isWhole {
            interface.snapLength = order.uint32(window, at: body.lowerBound + 4)
            interfaceOptions(order, body.lowerBound + 8..<body.upperBound, window, &interface)
        }
        interfaces.append(interface)
        clocks.append(InterfaceClock(interface))
    }

    private mutating func interfaceOptions(
        _ order: ByteOrder, _ range: Range<Int>, _ window: Span<UInt8>, _ interface: inout CaptureInterface
    ) {
        var reader = OptionReader(range, order)
        while let (code, value) = reader.next(window) {
            switch code {
            case 2: interface.name = text(value, window)
            case 3: interface.details = text(value, window)
            case 8: interface.speed = reader.uint64(window, value) ?? interface.speed
            case 9:
                if let octet = reader.uint8(window, value) { interface.resolution = TimeResolution(octet: octet) }
            case 11:
                // The first octet says what kind of filter: 0 is text in libpcap's language.
                if !value.isEmpty, window[value.lowerBound] == 0 {
                    interface.filter = text(value.dropFirst(), window)
                }
            case 12: interface.operatingSystem = text(value, window)
            case 13: interface.frameCheckOctets = reader.uint8(window, value) ?? interface.frameCheckOctets
            case 14:
                if let offset = reader.uint64(window, value) { interface.offsetSeconds = Int64(bitPattern: offset) }
            case 15: interface.hardware = text(value, window)
            default: break
            }
        }
        if reader.isMalformed { statistics[.badOption] += 1 }
    }

    mutating func interfaceStatistics(_ order: ByteOrder, _ body: Range<Int>, _ window: Span<UInt8>) {
        guard body.count >= 12 else {
            statistics.countBadBlock(.blockTooShort)
            return
        }
        let local = Int(order.uint32(window, at: body.lowerBound))
        guard local < sectionInterfaces, sectionBase + local < interfaces.count else {
            statistics.countBadBlock(.unknownInterface)
            return
        }
        statistics.interfaceStatisticsBlocks += 1
        var counters = InterfaceCounters()
        var reader = OptionReader(body.lowerBound + 12..<body.upperBound, order)
        let clock = InterfaceClock(interfaces[sectionBase + local])
        while let (code, value) = reader.next(window) {
            switch code {
            case 2: counters.startTime = reader.ticks(window, value).map(clock.nanoseconds)
            case 3: counters.endTime = reader.ticks(window, value).map(clock.nanoseconds)
            case 4: counters.received = reader.uint64(window, value)
            case 5: counters.droppedByInterface = reader.uint64(window, value)
            case 6: counters.acceptedByFilter = reader.uint64(window, value)
            case 7: counters.droppedBySystem = reader.uint64(window, value)
            case 8: counters.delivered = reader.uint64(window, value)
            default: break
            }
        }
        if reader.isMalformed { statistics[.badOption] += 1 }
        interfaces[sectionBase + local].counters = counters
    }

    /// A Decryption Secrets Block (§ 4.7): of a TLS key log the octets are kept, with a line's end behind them.
    mutating func decryptionSecrets(_ order: ByteOrder, _ body: Range<Int>, _ window: Span<UInt8>) {
        guard body.count >= 8 else {
            statistics.countBadBlock(.blockTooShort)
            return
        }
        let length = Int(order.uint32(window, at: body.lowerBound + 4))
        guard order.uint32(window, at: body.lowerBound) == Self.tlsKeyLog else { return }
        let start = body.lowerBound + 8
        let end = min(start + length, body.upperBound)
        guard secrets.count + end - start < Self.secretsBlockMax else { return }
        secrets.append(contentsOf: window.extracting(start..<end))
        secrets.append(0x0A)
    }

    /// «TLSK»: secrets in the form of NSS key logs.
    static let tlsKeyLog: UInt32 = 0x544C_534B

    /// An option's text, within the bounds on one and on all. Some writers count a terminating NUL; it is dropped.
    private mutating func text(_ value: Range<Int>, _ window: Span<UInt8>) -> String {
        let room = min(CaptureInterface.textOctetsMax, CaptureInterface.textOctetsInAllMax - textOctetsKept)
        var octets: [UInt8] = []
        for index in value.prefix(max(room, 0)) {
            guard window[index] != 0 else { break }
            octets.append(window[index])
        }
        textOctetsKept += octets.count
        return String(decoding: octets, as: UTF8.self)
    }
}
