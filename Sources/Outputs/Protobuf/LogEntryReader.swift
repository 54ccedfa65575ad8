import Octets

/// Reads the entries of a stream in octets that come in any pieces. It keeps nothing: the caller holds the octets and
/// gives those again that were not taken.
///
/// Events of the other numbering are refused, not misread: see `ProtobufFailure.Reason.otherSchema`.
public struct LogEntryReader: Sendable {
    /// No entry is longer: bodies are limited to less.
    public static let entryOctetsMax = 64 << 20

    public let schema: EventSchema
    /// Octets of the stream taken so far.
    public private(set) var offset: Int64 = 0
    private var failure: ProtobufFailure?

    public init(schema: EventSchema = .standard) { self.schema = schema }

    /// Reads the next entry in `octets`, from `position` on, and moves `position` behind it.
    /// - Parameter isFinal: the stream ends with `octets`.
    /// - Returns: `nil`: more octets are needed, or the stream ended in order. Entries of types without a meaning here
    ///   are passed over.
    /// - Throws: where nothing can be read any more: the same again and again.
    public mutating func next(
        _ octets: Span<UInt8>, from position: inout Int, isFinal: Bool
    ) throws(ProtobufFailure) -> LogEntry? {
        if let failure { throw failure }
        do throws(ProtobufFailure) {
            while let range = try entry(octets, from: position, isFinal: isFinal) {
                let found = try read(octets.extracting(range))
                offset += Int64(range.upperBound - position)
                position = range.upperBound
                if let found { return found }
            }
            return nil
        } catch {
            failure = error
            throw error
        }
    }

    /// Where the next entry lies, its length not counted.
    private func entry(
        _ octets: Span<UInt8>, from position: Int, isFinal: Bool
    ) throws(ProtobufFailure) -> Range<Int>? {
        guard position < octets.count else { return nil }
        var start = position
        guard let length = ProtobufFields.varint(octets, at: &start) else {
            // Ten octets hold any varint: with fewer it was cut.
            if octets.count - position >= 10 { throw ProtobufFailure(.badLength, at: offset) }
            if isFinal { throw ProtobufFailure(.truncated, at: offset) }
            return nil
        }
        guard length <= UInt64(Self.entryOctetsMax) else { throw ProtobufFailure(.badLength, at: offset) }
        guard Int(length) <= octets.count - start else {
            if isFinal { throw ProtobufFailure(.truncated, at: offset) }
            return nil
        }
        return start..<(start + Int(length))
    }

    private func read(_ octets: Span<UInt8>) throws(ProtobufFailure) -> LogEntry? {
        if let found = ProtobufFields.schema(ofEntry: octets), found != schema {
            throw ProtobufFailure(.otherSchema(found), at: offset)
        }
        var copy: [UInt8] = []
        copy.append(contentsOf: octets)
        do throws(ProtobufFailure) {
            return try LogEntry(copy, schema)
        } catch {
            throw ProtobufFailure(error.reason, at: offset)
        }
    }
}
