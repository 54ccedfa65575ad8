import Events

/// One direction's state, which a connection that waits for its next message does not need: one element.
///
/// An array, as what is taken out of one is changed in place like any value, where each access to an object's property
/// is checked as the program runs.
typealias HTTP1StreamBox = [HTTP1Stream]

/// Boxes for reuse, by all connections of one context.
final class HTTP1Pool {
    private var boxes: [HTTP1StreamBox] = []
    private static let spareMax = 64

    /// One that belongs to the direction from when it is given something.
    func take(_ direction: Direction) -> HTTP1StreamBox {
        var own = exchange(for: [])
        let box = own.popLast()
        _ = exchange(for: own)
        return box ?? [HTTP1Stream(direction)]
    }

    /// - Parameter box: idle and trimmed, and given up by whoever had it.
    func give(_ box: consuming HTTP1StreamBox) {
        var own = exchange(for: [])
        if own.count < Self.spareMax { own.append(box) }
        _ = exchange(for: own)
    }

    /// All are out while some are taken or given: an access to the object that only exchanges them needs no check.
    @inline(__always) private func exchange(for others: consuming [HTTP1StreamBox]) -> [HTTP1StreamBox] {
        swap(&boxes, &others)
        return others
    }
}
