import Octets

/// When which flow sends: a word per packet, in the order of time.
struct PacketSchedule: Sendable {
    /// The time since the start in the upper 36 bits, the flow in the lower 28.
    private var events: [UInt64] = []

    /// The time between the first and last packet at most: 60 s, which 36 bits of nanoseconds hold.
    static let spanNanoseconds: UInt64 = 60_000_000_000
    private static let flowBits: UInt64 = 28

    var count: Int { events.count }

    func event(_ index: Int) -> (flow: Int, nanoseconds: UInt64) {
        let event = events[index]
        return (Int(event & (1 << Self.flowBits - 1)), event >> Self.flowBits)
    }

    /// Each flow has its own window: small flows are short, large ones last for most of the time.
    init(_ flows: [SyntheticFlow], packets: Int, _ random: inout RandomSource) {
        events.reserveCapacity(packets)
        let span = Double(Self.spanNanoseconds)
        for (index, flow) in flows.enumerated() {
            let packets = Double(flow.planned)
            // Exponential around 50 ms per packet; 1 - u is never 0.
            var duration =
                flow.planned == 1
                ? 0 : -NaturalLogarithm.of(1 - random.unit()) * 0.05e9 * packets * (0.2 + random.unit())
            if flow.planned > 5_000 || duration > span * 0.98 { duration = span * (0.6 + 0.39 * random.unit()) }
            let start = random.unit() * (span - duration)
            for packet in 0..<flow.planned {
                let time = UInt64(start + (packet == 0 ? 0 : random.unit() * duration))
                events.append(min(time, Self.spanNanoseconds - 1) << Self.flowBits | UInt64(index))
            }
        }
        sort()
    }

    /// A radix sort on the time, from the lowest digit up: stable, and linear where ten million words are many.
    private mutating func sort() {
        var other = [UInt64](repeating: 0, count: events.count)
        for shift in stride(from: Self.flowBits, to: 64, by: 12) {
            var starts = [Int](repeating: 0, count: 4_096)
            for event in events { starts[Int(event >> shift & 4_095)] += 1 }
            var sum = 0
            for digit in starts.indices { (starts[digit], sum) = (sum, sum + starts[digit]) }
            for event in events {
                let digit = Int(event >> shift & 4_095)
                other[starts[digit]] = event
                starts[digit] += 1
            }
            swap(&events, &other)
        }
    }
}
