/// The time of day for what must not go back: nanoseconds since 1970 UTC that never step back, whoever sets the clock.
///
/// It is the wall clock as long as that goes forward, also by a step. Once the wall clock is set back, time goes on
/// from where it was at the pace of the monotonic clock, until the wall clock is ahead again.
public struct SteadyClock: Sendable {
    private var last: (time: Int64, monotonic: Int64)?

    public init() {}

    public mutating func now() -> Int64 { now(wall: Clock.wallNanoseconds, monotonic: Clock.monotonicNanoseconds) }

    /// What it is where the machine's clocks say so.
    public mutating func now(wall: Int64, monotonic: Int64) -> Int64 {
        let steady = last.map { $0.time + max(monotonic - $0.monotonic, 0) } ?? wall
        let time = max(wall, steady)
        last = (time, monotonic)
        return time
    }
}
