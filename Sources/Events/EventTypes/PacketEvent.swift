import Octets

/// A frame of an interface, with the process it belongs to where that is known.
///
/// | offset | octets | field | meaning |
/// |---|---|---|---|
/// | 0 | 16 | header | `RecordHeader`; type 9 |
/// | 16 | 4 | `pid` | 0: not known |
/// | 20 | 4 | `tid` | |
/// | 24 | 16 | `comm` | up to the first 0 |
/// | 40 | 4 | `interface` | its index |
/// | 44 | 4 | `frame_length` | octets of `frame`: 0 ... 65,535, at most `wire_length` |
/// | 48 | 4 | `wire_length` | octets of the frame on the wire |
/// | 52 | 1 | `direction` | 0 received, 1 sent |
/// | 53 | 3 | `reserved` | 0 |
/// | 56 | … | `frame` | its first octets, from the link-layer header on |
public struct PacketEvent: Event {
    public static let recordType = RecordType.packet
    public static let frameOctetsMax = 65_535
    static let fixedOctets = 56

    /// Who and when, and the direction.
    public var info: BaseInfo
    public var interface: UInt32
    /// Octets of the frame on the wire.
    public var wireLength: UInt32
    public var frame: [UInt8]

    public init(info: BaseInfo, interface: UInt32, wireLength: UInt32, frame: [UInt8]) {
        self.info = info
        self.interface = interface
        self.wireLength = wireLength
        self.frame = frame
    }

    public init(record: Span<UInt8>, clock: ClockOffset, at offset: Int64) throws(EventFailure) {
        let header = try RecordHeader(record, as: Self.recordType, fixed: Self.fixedOctets, at: offset)
        let captured = record.littleEndian32(at: 44)
        try header.requirePayload(captured, behind: Self.fixedOctets, max: Self.frameOctetsMax, at: offset)
        wireLength = record.littleEndian32(at: 48)
        guard captured <= wireLength else {
            throw EventFailure(
                .packet, .inconsistentLength, at: offset, needed: Int(captured), available: Int(wireLength))
        }
        guard let direction = Direction(rawValue: record[52]) else {
            throw EventFailure(.packet, .invalidField, at: offset)
        }
        info = BaseInfo(processOf: record, header, clock)
        info.direction = direction
        interface = record.littleEndian32(at: 40)
        frame = []
        frame.append(contentsOf: record.extracting(Self.fixedOctets...))
    }

    public func encode(into buffer: inout OctetBuffer) {
        let kept = frame.span.extracting(0..<min(frame.count, Self.frameOctetsMax))
        let length = Self.fixedOctets + kept.count
        buffer.write(atMost: length) { output in
            output.append(header: Self.recordType, length: length, time: info.time)
            output.append(process: info)
            output.append(littleEndian: interface)
            output.append(littleEndian: UInt32(kept.count))
            output.append(littleEndian: max(wireLength, UInt32(kept.count)))
            output.append(info.direction.rawValue)
            output.append(zeros: 3)
            output.append(contentsOf: kept)
        }
    }

    public var baseInfo: BaseInfo { info }
    public var payload: [UInt8] { frame }

    /// `PID:1, Comm:curl, Interface:2, received, Len:60/1514`; the frame itself only as a dump.
    public func appendText(to buffer: inout OctetBuffer) {
        buffer.append("PID:\(info.pid), Comm:")
        buffer.append(terminal: info.comm)
        buffer.append(", Interface:\(interface), \(info.direction), Len:\(frame.count)/\(wireLength)\n")
    }

    public func appendHex(to buffer: inout OctetBuffer) {
        appendText(to: &buffer)
        buffer.append(hexDump: frame.span)
    }
}
