import Events

/// One direction's state, which a connection that waits for its next message does not need.
final class HTTP1StreamBox {
    var stream: HTTP1Stream
    init(_ direction: Direction) { stream = HTTP1Stream(direction) }
}

/// Boxes for reuse, by all connections of a thread if it gives them one pool.
public final class HTTP1Pool {
    private var boxes: [HTTP1StreamBox] = []
    private static let spareMax = 64

    public init() {}

    func take(_ direction: Direction) -> HTTP1StreamBox {
        guard let box = boxes.popLast() else { return HTTP1StreamBox(direction) }
        box.stream.direction = direction
        return box
    }

    /// - Parameter box: idle and trimmed, and given up by whoever had it.
    func give(_ box: HTTP1StreamBox) { Self.add(box, to: &boxes) }

    /// In one access to the object.
    private static func add(_ box: HTTP1StreamBox, to boxes: inout [HTTP1StreamBox]) {
        if boxes.count < spareMax { boxes.append(box) }
    }
}
