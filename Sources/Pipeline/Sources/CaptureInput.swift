import ContentCodings
import KernelIO
import Octets

/// The octets of one capture file, decompressed where its first octets say it is compressed.
struct CaptureInput: ~Copyable {
    let path: String
    /// Size of the file on disk; `nil` for pipes.
    let size: Int64?
    let compression: Compression?
    /// Octets read from the file, before decompression.
    private(set) var octetsRead: Int64
    /// Compressed data was followed by octets that belong to nothing.
    var hasTrailingGarbage: Bool { decompressor?.hasTrailingGarbage ?? false }

    private let file: InputFile
    private let decompressor: Decompressor?
    /// Octets read and not yet given out: the prefix that told the compression, or compressed data.
    private var pending: MappedArray<UInt8>
    private var pendingRange: Range<Int>
    private var isAtEnd: Bool

    private static let compressedPieceOctets = 256 << 10

    /// - Throws: where the file cannot be opened or read.
    init(path: String) throws(InputFailure) {
        let file = try Self.open(path)
        var pending = MappedArray<UInt8>(count: Self.compressedPieceOctets)
        var have = 0
        var isAtEnd = false
        while have < Compression.prefixOctets, !isAtEnd {
            let count = try Self.read(file, into: &pending, have..<pending.count)
            have += count
            isAtEnd = count == 0
        }
        let compression = Compression.detect(pending.span.extracting(0..<have))
        // All that can fail is done before the first field is set.
        let decompressor = try compression.map { (kind) throws(InputFailure) in try Decompressor(kind, path: path) }
        self.compression = compression
        self.decompressor = decompressor
        self.path = file.path
        size = file.size
        self.file = file
        self.pending = pending
        pendingRange = 0..<have
        octetsRead = Int64(have)
        self.isAtEnd = isAtEnd
    }

    private static func open(_ path: String) throws(InputFailure) -> InputFile {
        do throws(SystemFailure) {
            return try InputFile(path: path)
        } catch {
            throw .open(error)
        }
    }

    /// Reads another piece behind the pending octets.
    private mutating func readPending() throws(InputFailure) {
        if pendingRange.isEmpty { pendingRange = 0..<0 }
        if pendingRange.upperBound == pending.count {
            pending.moveToStart(pendingRange)
            pendingRange = 0..<pendingRange.count
        }
        let range = pendingRange.upperBound..<pending.count
        let count = try Self.read(file, into: &pending, range)
        note(count)
        pendingRange = pendingRange.lowerBound..<range.lowerBound + count
    }

    private static func read(
        _ file: borrowing InputFile, into buffer: inout MappedArray<UInt8>, _ range: Range<Int>
    ) throws(InputFailure) -> Int {
        var span = buffer.mutableSpan
        do throws(SystemFailure) {
            return try file.read(into: &span, range)
        } catch {
            throw .read(error)
        }
    }

    private mutating func note(_ count: Int) {
        octetsRead += Int64(count)
        if count == 0 { isAtEnd = true }
    }

    /// Puts the next octets of the capture into `range` of `window`: at least one, or 0 at the end.
    mutating func read(into window: inout MappedArray<UInt8>, at range: Range<Int>) throws(InputFailure) -> Int {
        if let decompressor { return try decompress(decompressor, into: &window, at: range) }
        guard pendingRange.isEmpty else {
            let count = min(pendingRange.count, range.count)
            let given = pendingRange.lowerBound..<pendingRange.lowerBound + count
            window.replace(at: range.lowerBound, with: pending.span.extracting(given))
            pendingRange = given.upperBound..<pendingRange.upperBound
            return count
        }
        if isAtEnd { return 0 }
        let count = try Self.read(file, into: &window, range)
        note(count)
        return count
    }

    private mutating func decompress(
        _ decompressor: Decompressor, into window: inout MappedArray<UInt8>, at range: Range<Int>
    ) throws(InputFailure) -> Int {
        while true {
            let step = decompressor.decompress(
                pending.span.extracting(pendingRange), isFinal: isAtEnd, into: &window, at: range)
            pendingRange = pendingRange.lowerBound + step.consumed..<pendingRange.upperBound
            // What came out before the damage is good; the failure is met again at the next call.
            if step.produced > 0 { return step.produced }
            if let failure = step.failure { throw .decompression(path, failure) }
            if step.stop == .finished { return 0 }
            if step.stop == .needsInput, !isAtEnd { try readPending() }
        }
    }
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
        case .decompression(let path, let failure): "\(path): \(failure)"
        }
    }
}
