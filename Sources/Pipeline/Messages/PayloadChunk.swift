import Events
import KernelIO

/// Memory in which the payloads of events lie. It is filled before any event in it is handed on, then read by all
/// threads, and used again when no batch needs it any more: so the processor sees the same memory again, and an event
/// that moves to another batch takes its payload along without a copy.
///
/// `users` and `used` belong to whoever holds the processor's lock, the octets to the one who fills them until the
/// events in them are handed on. That is why it may change threads.
public final class PayloadChunk: @unchecked Sendable {
    /// Octets of one that is not made for a larger payload: as many as a batch of frames has.
    static let octets = FrameBatch.slackOctets + FrameBatch.pieceOctets

    let memory: SharedOctets
    /// Octets that were filled.
    var used = 0
    /// Batches and sources that need it.
    var users = 0

    init(octets: Int = octets) { memory = SharedOctets(count: octets) }

    /// Copies a payload behind what is there; `nil`: there is no room.
    func append(_ payload: Span<UInt8>) -> Range<Int>? {
        guard payload.count <= memory.count - used else { return nil }
        let range = used..<(used + payload.count)
        replace(at: used, with: payload)
        used = range.upperBound
        return range
    }

    func replace(at position: Int, with octets: Span<UInt8>) {
        memory.fill { $0.replace(at: position, with: octets) }
    }
}

/// An event whose payload lies in a chunk.
public struct LentEvent: Sendable {
    public var head: EventHead
    /// In the chunk's memory.
    public var payload: Range<Int>

    public init(_ head: EventHead, _ payload: Range<Int>) {
        self.head = head
        self.payload = payload
    }
}

/// Chunks that nobody needs at the moment.
struct ChunkPool {
    private var idle: [PayloadChunk] = []
    private static let idleMax = 16

    /// One with room for so many octets, with one user.
    mutating func take(octets: Int = 0) -> PayloadChunk {
        let chunk =
            octets > PayloadChunk.octets ? PayloadChunk(octets: octets) : idle.popLast() ?? PayloadChunk()
        chunk.used = 0
        chunk.users = 1
        return chunk
    }

    /// One user less.
    mutating func release(_ chunk: PayloadChunk) {
        chunk.users -= 1
        let octets = chunk.memory.count
        guard chunk.users == 0, octets >= PayloadChunk.octets, octets < 2 * PayloadChunk.octets else { return }
        guard idle.count < Self.idleMax else { return }
        idle.append(chunk)
    }
}
