/// What one thread may fill of an array that several fill at once: some places of each of its parts.
@safe public struct ArrayParts<Element: BitwiseCopyable>: ~Copyable {
    // SAFETY: of the array's memory only the places are written that were counted for this value alone; it cannot be
    // copied or made elsewhere, so it ends before the call that lends it.
    @usableFromInline let storage: UnsafeMutableBufferPointer<Element>
    /// By part: the next place, and behind the last one.
    @usableFromInline var places: MappedArray<Int>

    init(_ storage: UnsafeMutableBufferPointer<Element>, starts: [Int], counts: [Int]) {
        unsafe self.storage = unsafe storage
        places = MappedArray(count: 2 * starts.count)
        var places = places.mutableSpan
        for part in starts.indices {
            places[2 * part] = starts[part]
            places[2 * part + 1] = starts[part] + counts[part]
        }
    }

    /// Puts an element on the next place of a part. More than were counted trap.
    @inline(always) public mutating func append(_ element: Element, to part: Int) {
        let storage = unsafe storage
        var places = places.mutableSpan
        let place = places[2 * part]
        precondition(place < places[2 * part + 1], "a part is full")
        // SAFETY: the places up to the second number lie inside the array.
        unsafe storage[place] = element
        places[2 * part] = place &+ 1
    }
}
