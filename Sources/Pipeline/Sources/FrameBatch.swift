import CaptureFiles
import KernelIO

/// A piece of a capture and the frames in it: what a source hands to a worker.
public struct FrameBatch: ~Copyable, Sendable {
    /// Octets read at a time. Larger pieces leave the second-level cache, smaller ones cost system calls.
    static let pieceOctets = 512 << 10
    static let frameCapacity = 16_384
    /// Room before a piece that was read ahead, for what the batch before left over.
    static let slackOctets = 64 << 10

    /// The octets in which the frames lie.
    public internal(set) var window = MappedArray<UInt8>(count: slackOctets + pieceOctets)
    public internal(set) var frames = FrameList(capacity: frameCapacity)
    /// The batch's place, from 0, among all that its source has handed out on the same lane; and which lane that is.
    /// Captures have one lane. Live interfaces may have several, where a conversation's packets are all on the same.
    var number = 0
    var lane = 0

    /// Octets that stand in the window from `slackOctets` on, if they are still wanted.
    var ahead: ReadAhead?

    public init() {}

    /// Reads a reserved piece into the window. Needs no lock: the piece is this batch's alone.
    mutating func readAhead(_ piece: ReservedPiece) {
        var span = window.mutableSpan
        let range = Self.slackOctets..<Self.slackOctets + Self.pieceOctets
        // A failure is met again, and told, where the piece is read in turn.
        guard let count = try? piece.file.file.read(into: &span, range, at: piece.offset) else { return }
        ahead = ReadAhead(generation: piece.generation, offset: piece.offset, count: count)
    }
}

/// A piece of a regular file that one worker may read on its own.
struct ReservedPiece: Sendable {
    let file: SharedInputFile
    /// Octets from the start of the file.
    let offset: Int64
    /// Reservations of another generation are void.
    let generation: Int
}

/// What reading a reserved piece gave: less than a whole piece at the end of the file.
struct ReadAhead: Sendable {
    let generation: Int
    let offset: Int64
    let count: Int
}
