/// How far nanoseconds since 1970 are ahead of the clock that records carry. The one place where times are converted.
///
/// Who opens a live source measures the offset (`CLOCK_REALTIME` less `CLOCK_MONOTONIC`); record files need none.
public struct ClockOffset: Sendable, Hashable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// For records whose times are nanoseconds since 1970 already.
    public static let none = ClockOffset(nanoseconds: 0)

    /// - Parameters:
    ///   - unix: what the wall clock showed, in nanoseconds since 1970,
    ///   - monotonic: when the monotonic clock showed this.
    public init(unix: Int64, monotonic: UInt64) {
        nanoseconds = unix &- Int64(truncatingIfNeeded: monotonic)
    }

    /// Nanoseconds since 1970. A time outside of what 64 bits hold becomes the nearest one they do: only damage has such.
    @inline(always)
    public func unix(_ time: UInt64) -> Int64 {
        if nanoseconds == 0 { return Int64(bitPattern: time) }  // times before 1970 are negative there
        let (sum, overflow) = Int64(clamping: time).addingReportingOverflow(nanoseconds)
        return overflow ? (nanoseconds > 0 ? .max : .min) : sum
    }
}
