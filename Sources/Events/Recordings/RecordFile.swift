import Octets

/// A record file: a header of 32 octets, then records one behind the other, their times in nanoseconds since 1970.
///
/// | offset | octets | field | meaning |
/// |---|---|---|---|
/// | 0 | 8 | `magic` | 89 4E 53 52 0D 0A 1A 0A: `NSR`, and line ends that show damage by a transfer as text |
/// | 8 | 2 | `version` | 1 |
/// | 10 | 2 | `header_length` | 32; records start there |
/// | 12 | 4 | `flags` | bit 0: `isInOrder`; other bits are ignored |
/// | 16 | 8 | `time` | when the file was begun, nanoseconds since 1970 |
/// | 24 | 8 | `reserved` | 0 |
public enum RecordFile {
    public static let magic: [UInt8] = [0x89, 0x4E, 0x53, 0x52, 0x0D, 0x0A, 0x1A, 0x0A]
    public static let version: UInt16 = 1
    public static let headerOctets = 32
    /// The events stand in the order in which they belong, whatever their times say: a capture's are in the order of
    /// its streams. Without it, events that come a little late may be put back in order of time.
    static let inOrderFlag: UInt32 = 1
    /// No header is longer, whatever a later version adds.
    static let headerOctetsMax = 4096

    /// Whether a file that starts with `prefix` is one; `nil`: too few octets to tell.
    public static func detect(_ prefix: Span<UInt8>) -> Bool? {
        let common = min(prefix.count, magic.count)
        for index in 0..<common where prefix[index] != magic[index] { return false }
        return common == magic.count ? true : nil
    }
}

extension OctetBuffer {
    /// Appends the header that begins a record file.
    /// - Parameters:
    ///   - time: nanoseconds since 1970.
    ///   - isInOrder: the events stand in the order in which they belong.
    public mutating func append(recordFileHeaderAt time: Int64, isInOrder: Bool = false) {
        write(atMost: RecordFile.headerOctets) { output in
            for octet in RecordFile.magic { output.append(octet) }
            output.append(littleEndian: RecordFile.version)
            output.append(littleEndian: UInt16(RecordFile.headerOctets))
            output.append(littleEndian: isInOrder ? RecordFile.inOrderFlag : 0)
            output.append(littleEndian: UInt64(bitPattern: time))
            output.append(zeros: 8)
        }
    }
}
