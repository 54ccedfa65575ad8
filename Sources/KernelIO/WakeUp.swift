import CKernelIO
import Glibc

/// Ends another thread's wait for input: a descriptor (eventfd(2)) that is waited for beside the input's.
///
/// Once raised it stays so, and whoever waits with it returns at once.
public final class WakeUp: Sendable {
    /// Below 0 where the system has no descriptor left: then waits end with the next octets.
    public let descriptor: Int32

    public init() { descriptor = ns_wake_descriptor() }

    deinit { if descriptor >= 0 { close(descriptor) } }

    public func raise() {
        var one: UInt64 = 1
        // SAFETY: write(2) reads the eight octets of `one` during the call. It fails only for a counter that is raised.
        _ = unsafe write(descriptor, &one, MemoryLayout.size(ofValue: one))
    }

    /// Waits until it is raised, or for so long.
    public func wait(nanoseconds: Int64) {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // SAFETY: poll(2) reads and writes the one element during the call.
        _ = unsafe poll(&request, 1, Int32(clamping: (max(nanoseconds, 0) + 999_999) / 1_000_000))
    }
}
