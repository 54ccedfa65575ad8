import CaptureFiles
import KernelIO
import Octets

/// Why a capture file gave no further frame.
public enum CaptureEnd: Equatable, Sendable {
    /// After a whole record.
    case clean
    /// Within a record: copied or written incompletely.
    case cutShort(CutShort)
    /// Within a record, or within compressed data, of a file that is being written: after the last whole record. So
    /// many octets of the next one are there; of compressed data that can be none.
    case unfinished(octets: Int)
    /// The framing broke.
    case broken(CaptureFailure)
    /// Nobody wanted to know more: frames may follow.
    case stopped
    /// The file could not be read or decompressed any further.
    case unreadable(InputFailure)
}

/// What a stream of frames gave when asked for more.
enum FrameTurn<End> {
    /// The batch holds at least one frame.
    case frames
    /// The next frame's time, which is not before the stop asked for; the batch is empty.
    case stopped(at: Int64)
    /// This pipe has nothing just now; the batch is empty. Wait for it, and call again.
    case idle(SharedInputFile)
    case ended(End)
}

/// Reads one capture file batch by batch.
///
/// What a batch leaves unparsed, at most part of a record in the usual case, is carried over to the next one: batches
/// may be filled in turn into different windows, so that each worker has its own.
struct CaptureReader: ~Copyable {
    private(set) var input: CaptureInput
    private(set) var parser = CaptureParser()
    private var carry = MappedArray<UInt8>(count: 64 << 10)
    private var carryCount = 0
    /// Offset of the carried octets in the decompressed file.
    private var fileOffset: Int64 = 0
    /// Octets the parser wants dropped before it goes on.
    private var toSkip: Int64 = 0
    private var needed = 1
    private var isAtEnd = false
    private var failure: InputFailure?
    /// Set by what came first: a broken framing, the file's end, or a failure to read.
    private var end: CaptureEnd?

    /// - Parameters:
    ///   - generation: what the input counts its reservations' generations from.
    ///   - keepsSecrets: key logs in the file are kept, to be taken with `takeSecrets`.
    ///   - keepsBlocks: blocks but packets are kept, to be taken with `takeBlocks`.
    init(
        path: String, generation: Int = 0, keepsSecrets: Bool = false, keepsBlocks: Bool = false
    ) throws(InputFailure) {
        input = try CaptureInput(path: path, generation: generation)
        parser.keepsSecrets = keepsSecrets
        parser.keepsBlocks = keepsBlocks
    }

    /// Fills a batch with the next frames.
    ///
    /// - Parameter stop: the first frame of this time or later, and all that follow it, wait for another call.
    mutating func next(_ batch: inout FrameBatch, before stop: Int64? = nil) -> FrameTurn<CaptureEnd> {
        if batch.frames.capacity < FrameBatch.frameCapacity {
            batch.frames = FrameList(capacity: FrameBatch.frameCapacity)
        }
        batch.frames.removeAll()
        if let end { return .ended(end) }
        // The octets not yet parsed are `start ..< end` of the window.
        var (start, end) = place(&batch)
        while true {
            var isIdle = toSkip > 0 && !skip(&start, &end, &batch.window)
            if !isIdle, !isAtEnd, end - start < max(needed, FrameBatch.pieceOctets / 2) {
                isIdle = !fill(start, &end, &batch.window)
            }
            if toSkip > 0 || end - start < needed, !isAtEnd {
                guard isIdle else { continue }
                keep(start..<end, after: start, of: batch.window)
                return .idle(input.file)
            }
            let undo = stop == nil ? nil : parser
            var position = start
            let parsed = parse(batch.window, start..<end, &position, into: &batch.frames)
            if let stop, let early = Self.firstFrame(notBefore: stop, in: batch.frames.span) {
                // Rare: go back, and parse just the frames before the stop.
                let time = batch.frames.span[early].time
                parser = undo!
                position = start
                batch.frames.removeAll()
                if early > 0 {
                    batch.frames = FrameList(capacity: early)
                    _ = parse(batch.window, start..<end, &position, into: &batch.frames)
                }
                keep(position..<end, after: start, of: batch.window)
                return early > 0 ? .frames : .stopped(at: time)
            }
            needed = 1
            switch parsed {
            case .full: break
            case .needMore(let octets): needed = octets
            case .skip(let octets): toSkip = octets
            case .end, .endedEarly, .failed:
                let reason = self.end(parsed)
                self.end = reason
                if batch.frames.isEmpty { return .ended(reason) }
            }
            if !batch.frames.isEmpty {
                keep(position..<end, after: start, of: batch.window)
                return .frames
            }
            batch.window.moveToStart(position..<end)
            fileOffset += Int64(position - start)
            (start, end) = (0, end - position)
            reserve(max(needed, end + 1) + FrameBatch.pieceOctets / 2, in: &batch.window)
        }
    }

    /// Puts what the batch before left over into the window: before the piece that was read ahead if that comes next,
    /// else at the window's start.
    private mutating func place(_ batch: inout FrameBatch) -> (start: Int, end: Int) {
        if let ahead = batch.ahead {
            batch.ahead = nil
            if toSkip == 0, carryCount <= FrameBatch.slackOctets, input.take(ahead) {
                if ahead.count == 0 { isAtEnd = true }
                let start = FrameBatch.slackOctets - carryCount
                batch.window.replace(at: start, with: carry.span.extracting(0..<carryCount))
                return (start, FrameBatch.slackOctets + ahead.count)
            }
            input.voidReservations()
        }
        reserve(carryCount + FrameBatch.pieceOctets, in: &batch.window)
        batch.window.replace(at: 0, with: carry.span.extracting(0..<carryCount))
        return (0, carryCount)
    }

    /// A piece that a worker may read on its own, if what comes next is just the next octets of the file.
    mutating func reservePiece() -> ReservedPiece? {
        toSkip == 0 && carryCount <= FrameBatch.slackOctets && !isAtEnd ? input.reserve() : nil
    }

    /// The key logs that were read with the frames so far, and not taken yet.
    mutating func takeSecrets() -> [UInt8] { parser.takeSecrets() }

    /// The blocks but packets that were read with the frames so far, and not taken yet.
    mutating func takeBlocks() -> [CaptureBlock] { parser.takeBlocks() }

    var generation: Int { input.generation }

    func isTurn(of piece: ReservedPiece) -> Bool { input.isTurn(of: piece) }

    mutating func voidReservations() { input.voidReservations() }

    private func reserve(_ octets: Int, in window: inout MappedArray<UInt8>) {
        if octets > window.count { window.grow(to: octets) }
    }

    private mutating func parse(
        _ window: borrowing MappedArray<UInt8>, _ range: Range<Int>, _ position: inout Int,
        into frames: inout FrameList
    ) -> CaptureParser.Stop {
        parser.parse(
            window.span.extracting(0..<range.upperBound), position: &position,
            fileOffset: fileOffset - Int64(range.lowerBound), isFinal: isAtEnd, frames: &frames)
    }

    private static func firstFrame(notBefore time: Int64, in frames: Span<FrameRecord>) -> Int? {
        frames.indices.first { frames[$0].time >= time }
    }

    /// Reads the next piece behind what is there; `false` if there is nothing yet.
    private mutating func fill(_ start: Int, _ end: inout Int, _ window: inout MappedArray<UInt8>) -> Bool {
        let wanted = max(needed - (end - start), FrameBatch.pieceOctets)
        reserve(end + wanted, in: &window)
        do throws(InputFailure) {
            guard let count = try input.read(into: &window, at: end..<end + wanted) else { return false }
            end += count
            if count == 0 { isAtEnd = true }
        } catch {
            failure = error
            isAtEnd = true
        }
        return true
    }

    /// `false` if some of the octets to skip are not there yet.
    private mutating func skip(_ start: inout Int, _ end: inout Int, _ window: inout MappedArray<UInt8>) -> Bool {
        while toSkip > 0 {
            let dropped = Int(min(Int64(end - start), toSkip))
            window.moveToStart(start + dropped..<end)
            (start, end) = (0, end - start - dropped)
            fileOffset += Int64(dropped)
            toSkip -= Int64(dropped)
            if isAtEnd { toSkip = 0 }
            if toSkip > 0, !fill(start, &end, &window) { return false }
        }
        return true
    }

    private mutating func keep(_ rest: Range<Int>, after start: Int, of window: borrowing MappedArray<UInt8>) {
        if rest.count > carry.count { carry.grow(to: rest.count) }
        carry.replace(at: 0, with: window.span.extracting(rest))
        carryCount = rest.count
        fileOffset += Int64(rest.lowerBound - start)
    }

    private func end(_ stop: CaptureParser.Stop) -> CaptureEnd {
        if let failure {
            // Of compressed data too little is there before the end is written.
            if case .decompression(_, let failure) = failure, failure.reason == .truncated, isUnfinished {
                if case .endedEarly(let cut) = stop { return .unfinished(octets: cut.available) }
                return .unfinished(octets: 0)
            }
            return .unreadable(failure)
        }
        switch stop {
        case .endedEarly(let cut): return isUnfinished ? .unfinished(octets: cut.available) : .cutShort(cut)
        case .failed(let failure): return .broken(failure)
        default: return .clean
        }
    }

    /// Whoever writes the file will go on. One of which nothing is a capture yet is none.
    private var isUnfinished: Bool { parser.format != nil && input.file.file.isBeingWritten }
}
