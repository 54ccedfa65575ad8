import ContentCodings
import KernelIO
import Octets

/// The octets of one capture file, decompressed where its first octets say it is compressed.
struct CaptureInput: ~Copyable {
    let path: String
    /// Size of the file on disk; `nil` for pipes.
    let size: Int64?
    /// `nil` also until the first octets are there.
    private(set) var compression: Compression?
    /// Octets read from the file, before decompression.
    private(set) var octetsRead: Int64 = 0
    /// Compressed data was followed by octets that belong to nothing.
    var hasTrailingGarbage: Bool { decompressor?.hasTrailingGarbage ?? false }

    let file: SharedInputFile
    /// Where the next octets of the file come from.
    private var readOffset: Int64 = 0
    /// Up to where workers have reserved pieces; not before `readOffset`.
    private var reservedOffset: Int64 = 0
    /// Counts up whenever reservations become void.
    private(set) var generation: Int
    /// The first octets have told whether the file is compressed.
    private var isRecognised = false
    private var decompressor: Decompressor?
    /// Octets read and not yet given out: the prefix that told the compression, or compressed data.
    private var pending = MappedArray<UInt8>(count: compressedPieceOctets)
    private var pendingRange = 0..<0
    private var isAtEnd = false

    private static let compressedPieceOctets = 256 << 10

    /// - Throws: where the file cannot be opened.
    init(path: String, generation: Int = 0) throws(InputFailure) {
        let file = try Self.open(path)
        self.path = file.path
        size = file.size
        self.file = SharedInputFile(file)
        self.generation = generation
    }

    private static func open(_ path: String) throws(InputFailure) -> InputFile {
        do throws(SystemFailure) {
            return try InputFile(path: path)
        } catch {
            throw .open(error)
        }
    }

    /// Reads the first octets, and looks whether they are those of compressed data; `false` if there are too few yet.
    private mutating func recognise() throws(InputFailure) -> Bool {
        while pendingRange.count < Compression.prefixOctets, !isAtEnd {
            guard try readPending() else { return false }
        }
        compression = Compression.detect(pending.span.extracting(pendingRange))
        if let compression { decompressor = try Decompressor(compression, path: path) }
        isRecognised = true
        return true
    }

    /// Reads another piece behind the pending octets; `false` if there is nothing yet.
    private mutating func readPending() throws(InputFailure) -> Bool {
        if pendingRange.isEmpty { pendingRange = 0..<0 }
        if pendingRange.upperBound == pending.count {
            pending.moveToStart(pendingRange)
            pendingRange = 0..<pendingRange.count
        }
        let range = pendingRange.upperBound..<pending.count
        guard let count = try Self.read(file.file, into: &pending, range, at: readOffset) else { return false }
        note(count)
        pendingRange = pendingRange.lowerBound..<range.lowerBound + count
        return true
    }

    /// `nil` where a pipe has nothing to read just now: nobody waits in here, as all workers wait for who does.
    private static func read(
        _ file: borrowing InputFile, into buffer: inout MappedArray<UInt8>, _ range: Range<Int>, at offset: Int64
    ) throws(InputFailure) -> Int? {
        guard file.isReadable else { return nil }
        var span = buffer.mutableSpan
        do throws(SystemFailure) {
            // Pipes have no offset.
            return try file.size == nil ? file.read(into: &span, range) : file.read(into: &span, range, at: offset)
        } catch {
            throw .read(error)
        }
    }

    private mutating func note(_ count: Int) {
        octetsRead += Int64(count)
        readOffset += Int64(count)
        if count == 0 { isAtEnd = true }
        voidReservations()
    }

    // MARK: - Reading ahead

    /// Reserves the next piece of a plain regular file for one worker, to be read without a lock and used in turn.
    mutating func reserve() -> ReservedPiece? {
        guard size != nil, isRecognised, compression == nil, pendingRange.isEmpty, !isAtEnd else { return nil }
        defer { reservedOffset += Int64(FrameBatch.pieceOctets) }
        return ReservedPiece(file: file, offset: reservedOffset, generation: generation)
    }

    /// Whether a piece comes next; a void one comes at once.
    func isTurn(of piece: ReservedPiece) -> Bool { piece.generation != generation || readOffset >= piece.offset }

    /// Takes a piece that was read ahead as the next octets of the file; `false` if it is none.
    mutating func take(_ ahead: ReadAhead) -> Bool {
        guard ahead.generation == generation, ahead.offset == readOffset, !isAtEnd else { return false }
        octetsRead += Int64(ahead.count)
        readOffset += Int64(ahead.count)
        if ahead.count == 0 { isAtEnd = true }
        // The pieces behind a short one were reserved for other octets than come next.
        if ahead.count < FrameBatch.pieceOctets { voidReservations() }
        return true
    }

    /// Pieces reserved so far are not to be used: the file was read another way, or a worker gave its piece up.
    mutating func voidReservations() {
        generation += 1
        reservedOffset = readOffset
    }

    /// Puts the next octets of the capture into `range` of `window`: at least one, or 0 at the end; `nil` where a pipe
    /// has none just now.
    mutating func read(into window: inout MappedArray<UInt8>, at range: Range<Int>) throws(InputFailure) -> Int? {
        if !isRecognised, try !recognise() { return nil }
        if let decompressor { return try decompress(decompressor, into: &window, at: range) }
        guard pendingRange.isEmpty else {
            let count = min(pendingRange.count, range.count)
            let given = pendingRange.lowerBound..<pendingRange.lowerBound + count
            window.replace(at: range.lowerBound, with: pending.span.extracting(given))
            pendingRange = given.upperBound..<pendingRange.upperBound
            return count
        }
        if isAtEnd { return 0 }
        guard let count = try Self.read(file.file, into: &window, range, at: readOffset) else { return nil }
        note(count)
        return count
    }

    private mutating func decompress(
        _ decompressor: Decompressor, into window: inout MappedArray<UInt8>, at range: Range<Int>
    ) throws(InputFailure) -> Int? {
        while true {
            let step = decompressor.decompress(
                pending.span.extracting(pendingRange), isFinal: isAtEnd, into: &window, at: range)
            pendingRange = pendingRange.lowerBound + step.consumed..<pendingRange.upperBound
            // What came out before the damage is good; the failure is met again at the next call.
            if step.produced > 0 { return step.produced }
            if let failure = step.failure { throw .decompression(path, failure) }
            if step.stop == .finished { return 0 }
            if step.stop == .needsInput, !isAtEnd, try !readPending() { return nil }
        }
    }
}

/// An open file that several threads may read at offsets of their own; closed when the last lets go of it.
final class SharedInputFile: Sendable {
    let file: InputFile
    init(_ file: consuming InputFile) { self.file = file }
}

/// A stream decompressor behind a reference, and what one call of it did.
private final class Decompressor {
    struct Step {
        var consumed = 0
        var produced = 0
        var stop = StreamDecompressor.Stop.needsInput
        var failure: DecompressionFailure?
    }

    private var stream: StreamDecompressor
    var hasTrailingGarbage: Bool { stream.hasTrailingGarbage }

    init(_ compression: Compression, path: String) throws(InputFailure) {
        do throws(DecompressionFailure) {
            stream = try StreamDecompressor(compression)
        } catch {
            throw .decompression(path, error)
        }
    }

    func decompress(
        _ input: Span<UInt8>, isFinal: Bool, into window: inout MappedArray<UInt8>, at range: Range<Int>
    ) -> Step {
        var step = Step()
        step.produced = window.appending(in: range) { output in
            do throws(DecompressionFailure) {
                step.stop = try stream.decompress(
                    input, isFinal: isFinal, consumed: &step.consumed, into: &output)
            } catch {
                step.failure = error
            }
        }
        return step
    }
}

/// Why a file yields no more octets.
public enum InputFailure: Error, Equatable, Sendable, CustomStringConvertible {
    case open(SystemFailure)
    case read(SystemFailure)
    case decompression(String, DecompressionFailure)

    public var description: String {
        switch self {
        case .open(let failure), .read(let failure): failure.description
        case .decompression(let path, let failure): "\(SystemName.shown(path)): \(failure)"
        }
    }
}
