import CaptureFiles
import KernelIO
import Octets

/// Why a capture file gave no further frame.
public enum CaptureEnd: Equatable, Sendable {
    /// After a whole record.
    case clean
    /// Within a record: copied or written incompletely, or still being written.
    case cutShort(CutShort)
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

    init(path: String) throws(InputFailure) { input = try CaptureInput(path: path) }

    /// Fills a batch with the next frames.
    ///
    /// - Parameter stop: the first frame of this time or later, and all that follow it, wait for another call.
    mutating func next(_ batch: inout FrameBatch, before stop: Int64? = nil) -> FrameTurn<CaptureEnd> {
        if batch.frames.capacity < FrameBatch.frameCapacity {
            batch.frames = FrameList(capacity: FrameBatch.frameCapacity)
        }
        batch.frames.removeAll()
        var have = carryCount
        reserve(have + FrameBatch.pieceOctets, in: &batch.window)
        batch.window.replace(at: 0, with: carry.span.extracting(0..<carryCount))
        while true {
            if toSkip > 0 { skip(&have, &batch.window) }
            if !isAtEnd, have < max(needed, FrameBatch.pieceOctets / 2) { fill(&have, &batch.window) }
            if have < needed, !isAtEnd { continue }
            let undo = stop == nil ? nil : parser
            var position = 0
            let parsed = parse(batch.window, have, &position, into: &batch.frames)
            if let stop, let early = Self.firstFrame(notBefore: stop, in: batch.frames.span) {
                // Rare: go back, and parse just the frames before the stop.
                let time = batch.frames.span[early].time
                parser = undo!
                position = 0
                batch.frames.removeAll()
                if early > 0 {
                    batch.frames = FrameList(capacity: early)
                    _ = parse(batch.window, have, &position, into: &batch.frames)
                }
                keep(position..<have, of: batch.window)
                return early > 0 ? .frames : .stopped(at: time)
            }
            needed = 1
            switch parsed {
            case .full: break
            case .needMore(let octets): needed = octets
            case .skip(let octets): toSkip = octets
            case .end, .endedEarly, .failed:
                if batch.frames.isEmpty { return .ended(end(parsed)) }
            }
            if !batch.frames.isEmpty {
                keep(position..<have, of: batch.window)
                return .frames
            }
            batch.window.moveToStart(position..<have)
            fileOffset += Int64(position)
            have -= position
            reserve(max(needed, have + 1) + FrameBatch.pieceOctets / 2, in: &batch.window)
        }
    }

    private func reserve(_ octets: Int, in window: inout MappedArray<UInt8>) {
        if octets > window.count { window.grow(to: octets) }
    }

    private mutating func parse(
        _ window: borrowing MappedArray<UInt8>, _ have: Int, _ position: inout Int, into frames: inout FrameList
    ) -> CaptureParser.Stop {
        parser.parse(
            window.span.extracting(0..<have), position: &position, fileOffset: fileOffset, isFinal: isAtEnd,
            frames: &frames)
    }

    private static func firstFrame(notBefore time: Int64, in frames: Span<FrameRecord>) -> Int? {
        frames.indices.first { frames[$0].time >= time }
    }

    /// Reads the next piece behind what is there.
    private mutating func fill(_ have: inout Int, _ window: inout MappedArray<UInt8>) {
        reserve(max(needed, have + FrameBatch.pieceOctets), in: &window)
        do throws(InputFailure) {
            let count = try input.read(into: &window, at: have..<have + max(needed - have, FrameBatch.pieceOctets))
            have += count
            if count == 0 { isAtEnd = true }
        } catch {
            failure = error
            isAtEnd = true
        }
    }

    private mutating func skip(_ have: inout Int, _ window: inout MappedArray<UInt8>) {
        while toSkip > 0 {
            let dropped = Int(min(Int64(have), toSkip))
            window.moveToStart(dropped..<have)
            have -= dropped
            fileOffset += Int64(dropped)
            toSkip -= Int64(dropped)
            if isAtEnd { toSkip = 0 }
            if toSkip > 0 { fill(&have, &window) }
        }
    }

    private mutating func keep(_ rest: Range<Int>, of window: borrowing MappedArray<UInt8>) {
        if rest.count > carry.count { carry.grow(to: rest.count) }
        carry.replace(at: 0, with: window.span.extracting(rest))
        carryCount = rest.count
        fileOffset += Int64(rest.lowerBound)
    }

    private func end(_ stop: CaptureParser.Stop) -> CaptureEnd {
        if let failure { return .unreadable(failure) }
        switch stop {
        case .endedEarly(let cut): return .cutShort(cut)
        case .failed(let failure): return .broken(failure)
        default: return .clean
        }
    }
}
