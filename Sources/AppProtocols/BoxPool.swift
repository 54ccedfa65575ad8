/// Boxes for reuse, by all connections of one context: arrays of one element.
///
/// Arrays, as what is taken out of one is changed in place like any value, where each access to an object's property
/// is checked as the program runs.
final class BoxPool<State> {
    private var boxes: [[State]] = []
    private static var spareMax: Int { 64 }

    /// One that was given; `nil` while there is none.
    func take() -> [State]? {
        var own = exchange(for: [])
        let box = own.popLast()
        _ = exchange(for: own)
        return box
    }

    /// - Parameters:
    ///   - box: given up by whoever had it.
    ///   - prepare: makes it ready for the next one, beside those that wait already.
    @inline(__always)
    func give(_ box: consuming [State], prepare: (inout [State], borrowing [[State]]) -> Void = { _, _ in }) {
        var own = exchange(for: [])
        if own.count < Self.spareMax {
            prepare(&box, own)
            own.append(box)
        }
        _ = exchange(for: own)
    }

    /// All are out while some are taken or given: an access to the object that only exchanges them needs no check.
    @inline(__always) private func exchange(for others: consuming [[State]]) -> [[State]] {
        swap(&boxes, &others)
        return others
    }
}
