import KernelIO
import Octets

/// Reads the records that the kernel's programs write: the half that sees what was captured. It needs the ring's
/// descriptor and no privilege, and can run in another process than the half that attaches (`ProbeSession`).
///
/// Used by one thread.
public final class RecordReader {
    private let ring: EventRing
    private var lastRecord: Int64 = 0

    /// How long after a record the ring is looked at every millisecond. The programs wake this thread up only when they
    /// have not done so for half of that time (`WAKE_UP_NANOSECONDS` of tls.bpf.c), so no record waits for longer.
    private static let attentionNanoseconds: Int64 = 20_000_000
    private static let patienceMilliseconds: Int32 = 100

    /// - Parameter ring: the descriptor of `ProbeSession.ringDescriptor`, or a copy of it.
    /// - Throws: where it cannot be mapped.
    public init(ring descriptor: Int32) throws(ProbeFailure) {
        do throws(BPFFailure) {
            ring = try EventRing(descriptor)
        } catch {
            throw ProbeSession.explained(error)
        }
    }

    /// What it needs to stay open.
    public var descriptor: Int32 { ring.descriptor }

    /// Waits for records for a while, and gives those that are there to `body`, in the order of the ring.
    /// - Parameter other: a descriptor that ends the wait, too.
    /// - Returns: whether that has something to read.
    public func read(orUntil other: Int32? = nil, _ body: (Span<UInt8>) -> Void) -> Bool {
        let now = Clock.monotonicNanoseconds
        let patience = now - lastRecord < Self.attentionNanoseconds ? 1 : Self.patienceMilliseconds
        let readable = Descriptors.waitUntilReadable(
            [ring.descriptor] + (other.map { [$0] } ?? []), milliseconds: patience)
        if ring.consume(body) > 0 { lastRecord = Clock.monotonicNanoseconds }
        return readable.count > 1 && readable[1]
    }

    /// Reads what is there, until nothing is: the end, once the probes are gone.
    public func drain(_ body: (Span<UInt8>) -> Void) {
        while ring.consume(body) > 0 {}
    }
}
