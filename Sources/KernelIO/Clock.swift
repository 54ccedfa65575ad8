import Glibc

/// The machine's clocks.
public enum Clock {
    /// Nanoseconds since an arbitrary start; never steps back.
    public static var monotonicNanoseconds: Int64 { read(CLOCK_MONOTONIC) }
    /// Nanoseconds since 1970 UTC.
    public static var wallNanoseconds: Int64 { read(CLOCK_REALTIME) }

    /// Lets this thread sleep: for a pause that nothing needs to end early.
    public static func sleep(nanoseconds: Int64) {
        var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        var rest = timespec()
        // SAFETY: nanosleep(2) reads `time` and writes `rest`, what a signal has left of it, during the call.
        while unsafe nanosleep(&time, &rest) != 0, errno == EINTR { time = rest }
    }

    private static func read(_ clock: Int32) -> Int64 {
        var time = timespec()
        // SAFETY: clock_gettime(2) fills `time` during the call; both clocks exist on every Linux.
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
