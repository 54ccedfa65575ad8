import CaptureFiles
import ContentCodings

/// What became of one capture file.
public struct CaptureReport: Sendable {
    public var path: String
    /// Octets on disk; `nil` for pipes.
    public var size: Int64?
    /// Octets read, before decompression.
    public var octetsRead: Int64
    public var compression: Compression?
    public var hasTrailingGarbage: Bool
    /// `nil` if the first octets are those of no capture.
    public var format: CaptureFormat?
    public var interfaces: [CaptureInterface]
    public var statistics: CaptureStatistics
    public var end: CaptureEnd
    /// What the end lies in is a packet's record, and the packet lost, or still being written.
    public var endsWithinPacket: Bool

    /// A file that could not be opened.
    init(path: String, unreadable failure: InputFailure) {
        self.path = path
        size = nil
        octetsRead = 0
        compression = nil
        hasTrailingGarbage = false
        format = nil
        interfaces = []
        statistics = CaptureStatistics()
        end = .unreadable(failure)
        endsWithinPacket = false
    }

    init(_ reader: borrowing CaptureReader, end: CaptureEnd) {
        path = reader.input.path
        size = reader.input.size
        octetsRead = reader.input.octetsRead
        compression = reader.input.compression
        hasTrailingGarbage = reader.input.hasTrailingGarbage
        format = reader.parser.format
        interfaces = reader.parser.interfaces
        statistics = reader.parser.statistics
        self.end = end
        endsWithinPacket = reader.parser.endedWithinPacket
    }

    /// Nothing of the file could be read as a capture.
    public var isUnusable: Bool { format == nil }

    /// Whether something of the file was damaged or missing.
    public var isDamaged: Bool {
        switch end {
        case .clean, .stopped, .unfinished: statistics.badRecords > 0 || hasTrailingGarbage
        case .cutShort, .broken, .unreadable: true
        }
    }
}
