/// Puts back in order what several threads make out of order: on each lane, work is done turn by turn.
///
/// Turns are to be taken by threads that begin them in ascending order, as `concurrently` does; then the lowest one
/// under way never waits, and all of them get through.
public final class Turns: Sendable {
    private let next: Monitor<[Int]>

    public init(lanes: Int = 1) { next = Monitor([Int](repeating: 0, count: lanes)) }

    /// Waits until all turns before `turn` (from 0) on this lane are over, and runs `body`.
    public func take(_ turn: Int, lane: Int = 0, _ body: () -> Void) {
        next.wait { $0[lane] == turn ? () : nil }
        body()
        next.update { $0[lane] = turn + 1 }
    }
}
