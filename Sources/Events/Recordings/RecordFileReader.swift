import Octets

/// Finds the records of a record file in octets that come in any pieces. It keeps nothing: the caller holds the octets
/// and gives those again that were not taken.
///
/// A record whose header is whole but whose contents are damaged is reported and passed over by whoever decodes it; a
/// header that cannot be gives no place to go on at, so the file ends there. What came before stays good.
public struct RecordFileReader: Sendable {
    public enum Step: Equatable, Sendable {
        /// A record lies at these octets of what was given.
        case record(Range<Int>, RecordType)
        /// More octets are needed; at the end of the file: it ended in order.
        case needMore
    }

    private enum State: Equatable { case fileHeader, records, failed(EventFailure) }

    private var state = State.fileHeader
    /// Octets of the file taken so far: where the next record starts.
    public private(set) var offset: Int64 = 0
    /// When the file was begun, nanoseconds since 1970; 0 until its header was read.
    public private(set) var fileTime: Int64 = 0
    /// The events stand in the order in which they belong; false until the header was read.
    public private(set) var isInOrder = false
    /// Records found so far.
    public private(set) var records: UInt64 = 0

    public init() {}

    /// Finds the next record in `octets`, from `position` on, and moves `position` behind it.
    /// - Parameters:
    ///   - octets: of the file, `position` being the first that was not taken yet.
    ///   - isFinal: the file ends with `octets`.
    /// - Throws: where no record can be found any more: again and again, once it has thrown.
    public mutating func next(
        _ octets: Span<UInt8>, from position: inout Int, isFinal: Bool
    ) throws(EventFailure) -> Step {
        if state != .records {
            guard try readFileHeader(octets, from: &position, isFinal: isFinal) else { return .needMore }
        }
        let available = octets.count - position
        guard available >= RecordHeader.octets else { return try end(available, isFinal, needed: RecordHeader.octets) }
        let header: RecordHeader
        do throws(EventFailure) {
            header = try RecordHeader(octets.extracting(position...), at: offset)
        } catch {
            throw fail(error)
        }
        guard available >= header.length else { return try end(available, isFinal, needed: header.length) }
        let range = position..<(position + header.length)
        position = range.upperBound
        offset += Int64(header.length)
        records += 1
        return .record(range, header.type)
    }

    /// - Returns: false where more octets are needed.
    private mutating func readFileHeader(
        _ octets: Span<UInt8>, from position: inout Int, isFinal: Bool
    ) throws(EventFailure) -> Bool {
        if case .failed(let failure) = state { throw failure }
        let rest = octets.extracting(position...)
        guard RecordFile.detect(rest) != false else {
            throw fail(EventFailure(.recordFile, .notARecordFile, at: offset))
        }
        let needed = RecordFile.headerOctets
        guard rest.count >= needed else {
            // Unlike between records, a file must not end here.
            if isFinal {
                throw fail(EventFailure(.recordFile, .truncated, at: 0, needed: needed, available: rest.count))
            }
            return false
        }
        let version = rest.littleEndian16(at: 8)
        guard version == RecordFile.version else {
            throw fail(
                EventFailure(
                    .recordFile, .versionMismatch, at: 8, needed: Int(RecordFile.version), available: Int(version)))
        }
        let length = Int(rest.littleEndian16(at: 10))
        guard needed...RecordFile.headerOctetsMax ~= length else {
            throw fail(EventFailure(.recordFile, .inconsistentLength, at: 10, needed: needed, available: length))
        }
        guard rest.count >= length else {
            if isFinal {
                throw fail(EventFailure(.recordFile, .truncated, at: 0, needed: length, available: rest.count))
            }
            return false
        }
        isInOrder = rest.littleEndian32(at: 12) & RecordFile.inOrderFlag != 0
        fileTime = Int64(bitPattern: rest.littleEndian64(at: 16))
        position += length
        offset = Int64(length)
        state = .records
        return true
    }

    private mutating func end(_ available: Int, _ isFinal: Bool, needed: Int) throws(EventFailure) -> Step {
        guard isFinal, available > 0 else { return .needMore }
        throw fail(EventFailure(.recordHeader, .truncated, at: offset, needed: needed, available: available))
    }

    private mutating func fail(_ failure: EventFailure) -> EventFailure {
        state = .failed(failure)
        return failure
    }
}
