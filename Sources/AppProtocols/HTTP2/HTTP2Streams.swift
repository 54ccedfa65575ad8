/// The streams of a connection with an unfinished message or transaction. Each stands at a place that it keeps as long
/// as it is open.
struct HTTP2Streams: ~Copyable {
    /// Open streams, and closed ones for the next: those have the number 0.
    private var slots: [HTTP2Stream] = []
    private var closed: [Int] = []
    private var places: [UInt32: Int] = [:]
    /// The numbers, the oldest first, and some that are gone.
    private var order: [UInt32] = []
    private var orderStart = 0
    /// The stream that something came for last, if it is still there; -1: none. Found without a search, and its octets
    /// are counted when another one's turn comes.
    private var recent = -1
    /// Its number; 0: none.
    private var recentID: UInt32 = 0
    /// Octets held by all streams but `recent`, and those of that one which are counted.
    private var countedOctets = 0

    var count: Int { places.count }
    var isEmpty: Bool { places.isEmpty }

    subscript(place: Int) -> HTTP2Stream {
        @inline(__always) _read { yield slots[place] }
        @inline(__always) _modify { yield &slots[place] }
    }

    /// Octets held by all of them.
    var heldOctets: Int {
        mutating get { recent < 0 ? countedOctets : countedOctets + slots[recent].uncountedOctets }
    }

    /// Where the stream of this number stands, if it is open.
    @inline(__always)
    func place(of id: UInt32) -> Int? {
        id == recentID ? recent : places[id]
    }

    /// Where those stand that fit, the oldest first by their numbers.
    mutating func places(where fits: (inout HTTP2Stream) -> Bool) -> [Int] {
        var found: [(id: UInt32, place: Int)] = []
        for place in slots.indices where slots[place].number != 0 && fits(&slots[place]) {
            found.append((slots[place].number, place))
        }
        return found.sorted { $0.id < $1.id }.map(\.place)
    }

    /// Opens a stream that is not open.
    /// - Returns: its place.
    mutating func open(_ id: UInt32) -> Int {
        let place: Int
        if let free = closed.popLast() {
            place = free
        } else {
            place = slots.count
            slots.append(HTTP2Stream())
        }
        slots[place].open(id)
        places[id] = place
        order.append(id)
        return place
    }

    /// A stream is gone.
    mutating func remove(_ place: Int) {
        let (id, counted) = slots[place].close()
        places[id] = nil
        countedOctets -= counted
        closed.append(place)
        if recent == place {
            recent = -1
            recentID = 0
        }
        if places.isEmpty {
            order.removeAll(keepingCapacity: true)
            orderStart = 0
        } else if order.count > 2 * places.count + 64 {
            // Most of them are gone: a constant cost per stream.
            let open = places
            order = order[orderStart...].filter { open[$0] != nil }
            orderStart = 0
        }
    }

    /// The stream opened first of those that fit.
    mutating func oldest(where fits: (inout HTTP2Stream) -> Bool) -> Int? {
        while orderStart < order.count, places[order[orderStart]] == nil { orderStart += 1 }
        if orderStart > 64, orderStart > order.count / 2 {
            order.removeSubrange(0..<orderStart)
            orderStart = 0
        }
        for id in order[orderStart...] {
            if let place = places[id], fits(&slots[place]) { return place }
        }
        return nil
    }

    /// Something of a stream comes, or is shown.
    mutating func turn(to place: Int) {
        guard recent != place else { return }
        if recent >= 0 { countedOctets += slots[recent].count() }
        recent = place
        recentID = slots[place].number
    }

    /// Gives all memory back.
    /// - Precondition: none is open.
    mutating func trim() {
        assert(countedOctets == 0, "octets of streams that are gone are counted")
        self = HTTP2Streams()
    }
}
