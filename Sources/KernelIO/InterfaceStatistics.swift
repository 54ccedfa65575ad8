import CKernelIO
import Glibc

/// What a network interface counts (rtnetlink(7)): through a socket that stays open, so that a process can ask when it
/// is confined. Owned by one thread at a time.
public final class InterfaceStatistics: @unchecked Sendable {
    /// Since the interface was made, for all who listen.
    public struct Counts: Equatable, Sendable {
        public var received: UInt64
        /// Frames for which the interface, or its queue, had no room (rx_missed_errors and rx_fifo_errors).
        public var dropped: UInt64
    }

    private let descriptor: Int32
    private let index: UInt32

    /// - Returns: `nil` where there is no interface of this name, as for `any`, or no socket for it.
    public init?(of name: String) {
        // SAFETY: the name is read during the call.
        index = unsafe if_nametoindex(name)
        guard index != 0 else { return nil }
        descriptor = ns_link_socket()
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// The counts as they are; `nil` where the interface is gone.
    public var current: Counts? {
        var counts = ns_link_counts()
        // SAFETY: the structure is filled during the call.
        guard unsafe ns_link_statistics(descriptor, index, &counts) == 0 else { return nil }
        return Counts(received: counts.received, dropped: counts.missed + counts.overrun)
    }
}
