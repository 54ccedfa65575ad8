import Octets

/// Writes a pcapng capture by appending its blocks to the caller's buffer (draft-ietf-opsawg-pcapng).
///
/// Sections number their interfaces from 0; the writer remembers each interface's resolution to turn times into ticks.
public struct PcapngWriter: Sendable {
    public let byteOrder: ByteOrder
    /// Of the current section.
    private var interfaces: [(resolution: TimeResolution, offsetSeconds: Int64)] = []

    public init(byteOrder: ByteOrder = .littleEndian) { self.byteOrder = byteOrder }

    /// Starts a section: the first block of a file, and of each later section.
    public mutating func appendSectionHeader(
        hardware: String? = nil, operatingSystem: String? = nil, application: String? = nil, to octets: inout [UInt8]
    ) {
        interfaces = []
        block(.sectionHeader, &octets) { body in
            byteOrder.append(UInt32(0x1A2B_3C4D), to: &body)
            byteOrder.append(UInt16(1), to: &body)
            byteOrder.append(UInt16(0), to: &body)
            byteOrder.append(UInt64.max, to: &body)  // length unknown
            options(
                [(2, hardware), (3, operatingSystem), (4, application)].compactMap { code, text in
                    text.map { CaptureOption(code: code, text: $0) }
                }, &body)
        }
    }

    /// Describes the section's next interface and returns its number. `interface.section` and `counters` are not
    /// written.
    @discardableResult
    public mutating func appendInterface(_ interface: CaptureInterface, to octets: inout [UInt8]) -> UInt32 {
        block(.interfaceDescription, &octets) { body in
            byteOrder.append(interface.linkType ?? 0, to: &body)
            byteOrder.append(UInt16(0), to: &body)
            byteOrder.append(interface.snapLength, to: &body)
            options(interfaceOptions(interface), &body)
        }
        interfaces.append((interface.resolution, interface.offsetSeconds))
        return UInt32(interfaces.count - 1)
    }

    /// An Enhanced Packet Block.
    ///
    /// - Parameters:
    ///   - interface: a number `appendInterface` gave in this section.
    ///   - time: nanoseconds since 1970; in ticks of the interface's resolution, clamped to what 64 bits of them hold.
    ///     Decimal resolutions round down; binary ones up, as readers round down.
    ///   - wireLength: octets of the frame on the wire; the frame's own count if `nil`.
    ///   - comment: written as opt_comment, in UTF-8; empty: none. `flags`: written as epb_flags.
    public func appendPacket(
        interface: UInt32 = 0, time: Int64, wireLength: UInt32? = nil, frame: Span<UInt8>,
        comment: Span<UInt8> = Span(), flags: UInt32? = nil, dropped: UInt64? = nil, to octets: inout [UInt8]
    ) {
        let clock = interfaces[Int(interface)]
        let ticks = Self.ticks(time, clock.resolution, clock.offsetSeconds)
        block(.enhancedPacket, &octets) { body in
            byteOrder.append(interface, to: &body)
            byteOrder.append(UInt32(truncatingIfNeeded: ticks >> 32), to: &body)
            byteOrder.append(UInt32(truncatingIfNeeded: ticks), to: &body)
            byteOrder.append(UInt32(frame.count), to: &body)
            byteOrder.append(wireLength ?? UInt32(frame.count), to: &body)
            body.append(contentsOf: frame)
            Self.pad(&body, from: body.count - frame.count)
            // One by one: most packets have none, and a list of options would be an allocation for the others.
            if !comment.isEmpty {
                let text = comment.extracting(first: min(comment.count, Self.optionOctetsMax))
                optionHeader(1, text.count, &body)
                body.append(contentsOf: text)
                Self.pad(&body, from: body.count - text.count)
            }
            if let flags {
                optionHeader(2, 4, &body)
                byteOrder.append(flags, to: &body)
            }
            if let dropped {
                optionHeader(4, 8, &body)
                byteOrder.append(dropped, to: &body)
            }
            if !comment.isEmpty || flags != nil || dropped != nil { byteOrder.append(UInt32(0), to: &body) }
        }
    }

    /// As above, with a comment that is a text.
    public func appendPacket(
        interface: UInt32 = 0, time: Int64, wireLength: UInt32? = nil, frame: Span<UInt8>, comment: String?,
        flags: UInt32? = nil, dropped: UInt64? = nil, to octets: inout [UInt8]
    ) {
        let text = comment.map { Array($0.utf8) } ?? []
        appendPacket(
            interface: interface, time: time, wireLength: wireLength, frame: frame, comment: text.span, flags: flags,
            dropped: dropped, to: &octets)
    }

    private static let optionOctetsMax = 65_534

    private func optionHeader(_ code: UInt16, _ count: Int, _ body: inout [UInt8]) {
        byteOrder.append(code, to: &body)
        byteOrder.append(UInt16(count), to: &body)
    }

    /// A Simple Packet Block: no time, the section's first interface. `frame` must be the first `snapLength` octets of
    /// it.
    public func appendSimplePacket(wireLength: UInt32? = nil, frame: Span<UInt8>, to octets: inout [UInt8]) {
        block(.simplePacket, &octets) { body in
            byteOrder.append(wireLength ?? UInt32(frame.count), to: &body)
            body.append(contentsOf: frame)
            Self.pad(&body, from: body.count - frame.count)
        }
    }

    /// A Name Resolution Block of IPv4 addresses (as 32-bit numbers) and their names (§ 4.5).
    public func appendNames(_ names: [(address: UInt32, name: String)], to octets: inout [UInt8]) {
        block(.nameResolution, &octets) { body in
            for (address, name) in names {
                let text = name.utf8.prefix(Int(UInt16.max) - 5)
                byteOrder.append(UInt16(1), to: &body)
                byteOrder.append(UInt16(text.count + 5), to: &body)
                let start = body.count
                body.appendBigEndian(address)
                body.append(contentsOf: text)
                body.append(0)
                Self.pad(&body, from: start)
            }
            byteOrder.append(UInt32(0), to: &body)
        }
    }

    /// An Interface Statistics Block. `time`: as for packets.
    public func appendStatistics(
        interface: UInt32 = 0, time: Int64, _ counters: InterfaceCounters, to octets: inout [UInt8]
    ) {
        let clock = interfaces[Int(interface)]
        let ticks = Self.ticks(time, clock.resolution, clock.offsetSeconds)
        block(.interfaceStatistics, &octets) { body in
            byteOrder.append(interface, to: &body)
            byteOrder.append(UInt32(truncatingIfNeeded: ticks >> 32), to: &body)
            byteOrder.append(UInt32(truncatingIfNeeded: ticks), to: &body)
            let times: [(UInt16, Int64?)] = [(2, counters.startTime), (3, counters.endTime)]
            let ends = times.compactMap { code, time in
                time.map {
                    CaptureOption(
                        code: code, ticks: Self.ticks($0, clock.resolution, clock.offsetSeconds), byteOrder)
                }
            }
            let numbers: [(UInt16, UInt64?)] = [
                (4, counters.received), (5, counters.droppedByInterface), (6, counters.acceptedByFilter),
                (7, counters.droppedBySystem), (8, counters.delivered),
            ]
            let counts = numbers.compactMap { code, value in
                value.map { CaptureOption(code: code, $0, byteOrder) }
            }
            options(ends + counts, &body)
        }
    }

    /// A Decryption Secrets Block (§ 4.7). TLS key logs are of type 0x544C534B.
    public func appendSecrets(type: UInt32 = 0x544C_534B, _ secrets: Span<UInt8>, to octets: inout [UInt8]) {
        block(.decryptionSecrets, &octets) { body in
            byteOrder.append(type, to: &body)
            byteOrder.append(UInt32(secrets.count), to: &body)
            body.append(contentsOf: secrets)
            Self.pad(&body, from: body.count - secrets.count)
        }
    }

    /// A Custom Block (§ 4.8) of a private enterprise number.
    public func appendCustom(
        enterprise: UInt32, _ contents: Span<UInt8>, mayBeCopied: Bool = true, to octets: inout [UInt8]
    ) {
        block(mayBeCopied ? .custom : .customNotCopied, &octets) { body in
            byteOrder.append(enterprise, to: &body)
            body.append(contentsOf: contents)
            Self.pad(&body, from: body.count - contents.count)
        }
    }
}

extension PcapngWriter {
    /// The length before and after the body, filled in once it is known.
    private func block(_ type: BlockType, _ octets: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
        let start = octets.count
        byteOrder.append(type.rawValue, to: &octets)
        byteOrder.append(UInt32(0), to: &octets)
        body(&octets)
        let length = UInt32(octets.count - start + 4)
        byteOrder.append(length, to: &octets)
        for index in 0..<4 { octets[start + 4 + index] = octets[octets.count - 4 + index] }
    }

    private func options(_ list: [CaptureOption], _ body: inout [UInt8]) {
        guard !list.isEmpty else { return }
        for option in list {
            byteOrder.append(option.code, to: &body)
            byteOrder.append(UInt16(option.value.count), to: &body)
            let start = body.count
            body.append(contentsOf: option.value)
            Self.pad(&body, from: start)
        }
        byteOrder.append(UInt32(0), to: &body)  // opt_endofopt
    }

    private func interfaceOptions(_ interface: CaptureInterface) -> [CaptureOption] {
        var list: [CaptureOption] = []
        if !interface.name.isEmpty { list.append(CaptureOption(code: 2, text: interface.name)) }
        if !interface.details.isEmpty { list.append(CaptureOption(code: 3, text: interface.details)) }
        if interface.speed != 0 { list.append(CaptureOption(code: 8, interface.speed, byteOrder)) }
        list.append(CaptureOption(code: 9, value: [interface.resolution.octet]))
        if !interface.filter.isEmpty {
            list.append(CaptureOption(code: 11, value: [0] + CaptureOption(code: 11, text: interface.filter).value))
        }
        if !interface.operatingSystem.isEmpty { list.append(CaptureOption(code: 12, text: interface.operatingSystem)) }
        if let octets = interface.frameCheckOctets { list.append(CaptureOption(code: 13, value: [octets])) }
        if interface.offsetSeconds != 0 {
            list.append(CaptureOption(code: 14, UInt64(bitPattern: interface.offsetSeconds), byteOrder))
        }
        if !interface.hardware.isEmpty { list.append(CaptureOption(code: 15, text: interface.hardware)) }
        return list
    }

    /// Zeros up to a multiple of four octets counted from `start`.
    private static func pad(_ body: inout [UInt8], from start: Int) {
        while (body.count - start) & 3 != 0 { body.append(0) }
    }

    /// The reverse of what a reader does with ticks.
    static func ticks(_ time: Int64, _ resolution: TimeResolution, _ offsetSeconds: Int64) -> UInt64 {
        let nanoseconds = Int128(time) - Int128(offsetSeconds) * 1_000_000_000
        let exponent = Int(resolution.exponent)
        guard nanoseconds > 0 else { return 0 }
        // Anything finer than these two makes the ticks of a nanosecond exceed 64 bits.
        if resolution.isBinary {
            if exponent > 94 { return .max }
            // Below 2⁹⁵ before the shift: whole seconds and the rest apart, so that no product exceeds 127 bits.
            let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
            if seconds > Int128(UInt64.max) >> Int128(exponent) { return .max }
            // Rounded up: a reader rounds down, and so finds the nanosecond again.
            let ticks = (seconds << Int128(exponent)) + ((rest << Int128(exponent)) + 999_999_999) / 1_000_000_000
            return UInt64(clamping: ticks)
        }
        if exponent <= 9 { return UInt64(clamping: nanoseconds / Int128(power(9 - exponent))) }
        if exponent > 28 { return .max }
        let (ticks, overflow) = nanoseconds.multipliedReportingOverflow(by: Int128(power(exponent - 9)))
        return overflow ? .max : UInt64(clamping: ticks)
    }

    /// 10 to the power of 0 ... 19.
    private static func power(_ exponent: Int) -> UInt64 {
        var power: UInt64 = 1
        for _ in 0..<exponent { power *= 10 }
        return power
    }
}

/// An option of a block before it is padded. Values end at 65,535 octets.
struct CaptureOption {
    var code: UInt16
    var value: [UInt8]

    init(code: UInt16, value: [UInt8]) {
        self.code = code
        self.value = value
    }

    init(code: UInt16, text: String) {
        self.init(code: code, value: Array(text.utf8.prefix(65_534)))
    }

    init(code: UInt16, _ number: UInt32, _ order: ByteOrder) {
        self.init(code: code, value: [])
        order.append(number, to: &value)
    }

    /// A time: the upper half stands first in either byte order (§ 4.6).
    init(code: UInt16, ticks: UInt64, _ order: ByteOrder) {
        self.init(code: code, value: [])
        order.append(UInt32(truncatingIfNeeded: ticks >> 32), to: &value)
        order.append(UInt32(truncatingIfNeeded: ticks), to: &value)
    }

    init(code: UInt16, _ number: UInt64, _ order: ByteOrder) {
        self.init(code: code, value: [])
        order.append(number, to: &value)
    }
}
