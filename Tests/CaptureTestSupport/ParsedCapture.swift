import CaptureFiles

/// A whole capture read through a parser: what a program that reads files does, with the windows chosen by the test.
public struct ParsedCapture: Sendable {
    /// A frame with where it lies in the file instead of in a window that is gone.
    public struct Frame: Equatable, Sendable {
        public var time: Int64
        public var fileOffset: Int
        public var capturedLength: UInt32
        public var wireLength: UInt32
        public var linkType: UInt16
        public var interface: UInt16

        public init(
            time: Int64, fileOffset: Int, capturedLength: UInt32, wireLength: UInt32, linkType: UInt16,
            interface: UInt16
        ) {
            self.time = time
            self.fileOffset = fileOffset
            self.capturedLength = capturedLength
            self.wireLength = wireLength
            self.linkType = linkType
            self.interface = interface
        }
    }

    public private(set) var frames: [Frame] = []
    public private(set) var parser = CaptureParser()
    /// Of all Decryption Secrets Blocks, one after the other.
    public private(set) var secrets: [UInt8] = []
    /// All blocks but packets.
    public private(set) var blocks: [CaptureBlock] = []
    public private(set) var stop = CaptureParser.Stop.full
    /// Calls of `parse`; a bound on it is a bound on the work.
    public private(set) var calls = 0

    /// - Parameters:
    ///   - capacity: of the frame list.
    ///   - piece: octets to add to the window at each refill, given the octets of the file read so far.
    public init(_ file: [UInt8], capacity: Int = 64, piece: (Int) -> Int = { _ in .max }) {
        var list = FrameList(capacity: capacity)
        parser.keepsSecrets = true
        parser.keepsBlocks = true
        var start = 0
        var end = min(file.count, max(piece(0), 0))
        while true {
            var position = 0
            calls += 1
            let before = list.count
            let stop = parser.parse(
                file.span.extracting(start..<end), position: &position, fileOffset: Int64(start),
                isFinal: end == file.count, frames: &list)
            precondition(position >= 0 && position <= end - start, "the parser left its window")
            precondition(before == 0 || list.count >= before, "the parser removed frames")
            take(list.span, windowStart: start, windowEnd: end)
            secrets += parser.takeSecrets()
            blocks += parser.takeBlocks()
            list.removeAll()
            start += position
            switch stop {
            case .full: precondition(list.capacity > 0)
            case .needMore(let needed):
                precondition(end < file.count, "asked for more of a final window")
                precondition(needed > end - start, "asked for what is there")
                precondition(needed <= CaptureParser.recordOctetsMax, "asked for more than any record")
                let (sum, overflow) = end.addingReportingOverflow(max(piece(end), 1))
                end = overflow ? file.count : min(sum, file.count)
            case .skip(let octets):
                start = octets > Int64(file.count - start) ? file.count : start + Int(octets)
                end = max(start, end)
            case .end, .endedEarly, .failed:
                self.stop = stop
                return
            }
        }
    }

    private mutating func take(_ span: Span<FrameRecord>, windowStart: Int, windowEnd: Int) {
        for index in span.indices {
            let record = span[index]
            precondition(
                windowStart + Int(record.offset) + Int(record.capturedLength) <= windowEnd, "a frame leaves the window")
            frames.append(
                Frame(
                    time: record.time, fileOffset: windowStart + Int(record.offset),
                    capturedLength: record.capturedLength, wireLength: record.wireLength, linkType: record.linkType,
                    interface: record.interface))
        }
    }
}
