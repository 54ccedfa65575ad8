import Octets

/// What every record begins with, so that a reader can walk records of mixed types. Little-endian, as all fields of
/// records are; the order gives a C struct its natural alignment.
///
/// | offset | octets | field | meaning |
/// |---|---|---|---|
/// | 0 | 4 | `length` | octets of the record, this header included |
/// | 4 | 2 | `type` | `RecordType` |
/// | 6 | 1 | `version` | of the record's layout: 1 |
/// | 7 | 1 | `reserved` | 0; ignored by readers |
/// | 8 | 8 | `time` | nanoseconds: of the monotonic clock in kernel records, since 1970 in record files |
public struct RecordHeader: Sendable, Equatable {
    public static let octets = 16
    public static let currentVersion: UInt8 = 1
    /// No record is longer: a frame of 65,535 octets with its header fits.
    public static let recordOctetsMax = 1 << 17

    /// Octets of the whole record: at least `RecordHeader.octets`, at most `recordOctetsMax`.
    public let length: Int
    public let type: RecordType
    /// As it was written: `ClockOffset` makes it nanoseconds since 1970.
    public let time: UInt64

    /// Reads the header at the front of `span`; what follows it need not be there.
    /// - Parameter offset: where `span` starts in the buffer or file; only the failure says it.
    @inline(always)
    public init(_ span: Span<UInt8>, at offset: Int64 = 0) throws(EventFailure) {
        guard span.count >= Self.octets else {
            throw EventFailure(.recordHeader, .truncated, at: offset, needed: Self.octets, available: span.count)
        }
        let claimed = span.littleEndian32(at: 0)
        guard claimed >= UInt32(Self.octets) else {
            throw EventFailure(
                .recordHeader, .inconsistentLength, at: offset, needed: Self.octets, available: Int(claimed))
        }
        guard claimed <= UInt32(Self.recordOctetsMax) else {
            throw EventFailure(
                .recordHeader, .oversized, at: offset, needed: Self.recordOctetsMax, available: Int(claimed))
        }
        length = Int(claimed)
        type = RecordType(rawValue: span.littleEndian16(at: 4))
        time = span.littleEndian64(at: 8)
        guard span[6] == Self.currentVersion else {
            throw EventFailure(
                .recordHeader, .versionMismatch, at: offset, needed: Int(Self.currentVersion), available: Int(span[6]))
        }
    }

    /// Reads the header of a record that fills `span`, and checks what all records of `type` have in common: the type,
    /// the length, and that the fixed part is there.
    init(
        _ span: Span<UInt8>, as type: RecordType, fixed: Int, at offset: Int64
    ) throws(EventFailure) {
        try self.init(span, at: offset)
        guard self.type == type else {
            throw EventFailure(type.layer, .wrongType, at: offset, available: Int(self.type.rawValue))
        }
        try requireWhole(span, fixed: fixed, at: offset)
    }

    @inlinable @inline(__always)
    func requireWhole(_ span: Span<UInt8>, fixed: Int, at offset: Int64) throws(EventFailure) {
        guard span.count >= length else {
            throw EventFailure(type.layer, .truncated, at: offset, needed: length, available: span.count)
        }
        guard span.count == length else {
            throw EventFailure(type.layer, .oversized, at: offset, needed: length, available: span.count)
        }
        guard length >= fixed else {
            throw EventFailure(type.layer, .truncated, at: offset, needed: fixed, available: length)
        }
    }

    /// Checks a variable part behind a fixed one: its own limit, and that both fill the record.
    @inlinable @inline(__always)
    func requirePayload(_ count: UInt32, behind fixed: Int, max: Int, at offset: Int64) throws(EventFailure) {
        guard count <= UInt32(max) else {
            throw EventFailure(type.layer, .oversized, at: offset, needed: max, available: Int(count))
        }
        guard fixed + Int(count) == length else {
            throw EventFailure(
                type.layer, .inconsistentLength, at: offset, needed: fixed + Int(count), available: length)
        }
    }
}

extension OctetWriter {
    @inline(always)
    @_lifetime(self: copy self)
    mutating func append(littleEndian value: UInt16) { append(word: UInt64(value), count: 2) }

    @inline(always)
    @_lifetime(self: copy self)
    mutating func append(littleEndian value: UInt32) { append(word: UInt64(value), count: 4) }

    @inline(always)
    @_lifetime(self: copy self)
    mutating func append(littleEndian value: UInt64) { append(word: value, count: 8) }

    @inline(always)
    @_lifetime(self: copy self)
    mutating func append(zeros count: Int) { for _ in 0..<count { append(0) } }

    /// Appends a record header; `length` counts the whole record.
    @_lifetime(self: copy self)
    mutating func append(header type: RecordType, length: Int, time: Int64) {
        append(littleEndian: UInt32(length))
        append(littleEndian: type.rawValue)
        append(RecordHeader.currentVersion)
        append(0)
        append(littleEndian: UInt64(bitPattern: time))
    }

    /// Appends what records of a process hold behind the header: pid, tid and comm, 24 octets.
    @_lifetime(self: copy self)
    mutating func append(process info: BaseInfo) {
        append(littleEndian: info.pid)
        append(littleEndian: info.tid)
        append(info.comm)
    }

    @_lifetime(self: copy self)
    mutating func append(_ name: CommandName) {
        append(littleEndian: name.low)
        append(littleEndian: name.high)
    }
}
