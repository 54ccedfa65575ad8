/// A reusable flat list of frames with a fixed capacity: what one call of the parser fills and its caller empties.
///
/// Its storage is allocated once; filling and emptying it allocates nothing.
public struct FrameList: Sendable {
    /// All `capacity` elements exist; the first `count` mean something.
    @usableFromInline var storage: [FrameRecord]
    public internal(set) var count = 0

    /// - Parameter capacity: frames that fit, at least 1.
    public init(capacity: Int) {
        precondition(capacity > 0, "a frame list holds at least one frame")
        let nothing = FrameRecord(time: 0, offset: 0, capturedLength: 0, wireLength: 0, linkType: 0, interface: 0)
        storage = Array(repeating: nothing, count: capacity)
    }

    public var capacity: Int { storage.count }
    public var isEmpty: Bool { count == 0 }
    public var isFull: Bool { count == storage.count }

    /// The frames appended since the list was last emptied, in file order.
    public var span: Span<FrameRecord> {
        @inline(always) @_lifetime(borrow self) get { storage.span.extracting(first: count) }
    }

    /// - Precondition: the list is not full.
    public mutating func append(_ frame: FrameRecord) {
        storage[count] = frame
        count += 1
    }

    public mutating func removeAll() { count = 0 }
}
