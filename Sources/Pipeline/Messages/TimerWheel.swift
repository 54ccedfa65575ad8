/// Due times of many connections in ticks, at constant cost each: a wheel of lists, linked through the items.
///
/// An item that is touched again is not moved: its owner finds at the due tick that it is not due yet, and puts it in
/// again.
struct TimerWheel {
    /// A tick is 100 ms.
    static let tickNanoseconds: Int64 = 100_000_000

    private var slots: [[Int32]]
    /// Ticks up to and including this one were taken.
    private(set) var now: Int64

    init(ticks: Int, now: Int64) {
        slots = Array(repeating: [], count: ticks)
        self.now = now
    }

    static func tick(at time: Int64) -> Int64 { time.dividedFloor(by: tickNanoseconds) }

    /// Puts an item in for a tick after `now`; what lies beyond the wheel's round comes up earlier.
    mutating func insert(_ item: Int32, due tick: Int64) {
        let distance = min(max(tick - now, 1), Int64(slots.count - 1))
        slots[Int((now + distance).modulo(Int64(slots.count)))].append(item)
    }

    /// Goes one tick on and takes the items in its slot.
    mutating func advance(into items: inout [Int32]) {
        now += 1
        swap(&items, &slots[Int(now.modulo(Int64(slots.count)))])
    }

    /// Goes on without taking anything: for a wheel that is empty.
    mutating func jump(to tick: Int64) { now = max(now, tick) }
}

extension Int64 {
    fileprivate func dividedFloor(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }

    fileprivate func modulo(_ divisor: Int64) -> Int64 {
        let rest = self % divisor
        return rest < 0 ? rest + divisor : rest
    }
}
