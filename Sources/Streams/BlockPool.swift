/// Memory for octets that wait, in blocks of one size: taken and given back without allocating, bounded in all.
///
/// Memory is added by doubling as it is first needed, and kept. A block also stands for octets that are known to be
/// missing; it then holds none.
struct BlockPool {
    static let blockOctets = 2048

    struct Block: BitwiseCopyable {
        /// Position of the first octet: a sequence number, or an offset in a datagram.
        var start: UInt32 = 0
        var count: UInt32 = 0
        /// The next block of the queue, or of the free list; -1 for none.
        var next: Int32 = -1
        /// The octets were on the wire and are not in the capture.
        var isMissing = false
        /// How they came; a block holds what came in one way.
        var arrival = Arrival()

        var end: UInt32 { start &+ count }
    }

    /// What is kept of the packet that octets came with.
    struct Arrival: BitwiseCopyable, Equatable {
        /// Nanoseconds since 1970.
        var time: Int64 = 0
        /// Where the peer's stream stood for the packet's sender.
        var acknowledgment: UInt32 = 0
        /// The peer's stream had not been seen so far, so the octets come behind what is missing of it.
        var isAhead = false
    }

    private var blocks: [Block] = []
    private var storage: [UInt8] = []
    private var free: Int32 = -1
    private(set) var used = 0
    let blocksMax: Int

    init(octetsMax: Int) {
        blocksMax = min(max(octetsMax, 0) / Self.blockOctets, Int(Int32.max))
    }

    var available: Int { blocksMax - used }

    /// Whether a segment of so many octets surely finds room: it may fall on both sides of what is there, and begin and
    /// end in the middle of blocks.
    func canHold(_ count: Int) -> Bool { blocksMax - used >= count / Self.blockOctets + 3 }

    subscript(_ index: Int32) -> Block {
        get { blocks[Int(index)] }
        set { blocks[Int(index)] = newValue }
    }

    /// A block, or `nil` where all are in use.
    mutating func take() -> Int32? {
        guard used < blocksMax else { return nil }
        used += 1
        if free >= 0 {
            let index = free
            free = blocks[Int(index)].next
            blocks[Int(index)] = Block()
            return index
        }
        storage.append(contentsOf: repeatElement(0, count: Self.blockOctets))
        blocks.append(Block())
        return Int32(blocks.count - 1)
    }

    mutating func release(_ index: Int32) {
        used -= 1
        blocks[Int(index)].next = free
        free = index
    }

    /// The octets that a block holds.
    @_lifetime(borrow self)
    func octets(_ index: Int32) -> Span<UInt8> {
        let block = blocks[Int(index)]
        let start = Int(index) * Self.blockOctets
        return storage.span.extracting(start..<start + (block.isMissing ? 0 : Int(block.count)))
    }

    /// Copies octets behind those the block holds.
    ///
    /// - Precondition: there is room for them.
    mutating func append(_ octets: Span<UInt8>, to index: Int32) {
        let held = Int(blocks[Int(index)].count)
        precondition(held + octets.count <= Self.blockOctets, "a block holds one block's octets")
        Self.copy(octets, into: &storage, at: Int(index) * Self.blockOctets + held)
        blocks[Int(index)].count += UInt32(octets.count)
    }

    private static func copy(_ octets: Span<UInt8>, into storage: inout [UInt8], at start: Int) {
        var target = storage.mutableSpan
        precondition(start >= 0 && start <= target.count - octets.count, "a block lies in the storage")
        for offset in octets.indices { target[start &+ offset] = octets[offset] }
    }
}
