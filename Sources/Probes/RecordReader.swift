import KernelIO
import Octets

/// Reads the records that the kernel's programs write: the half that sees what was captured. It needs the ring's
/// descriptor and no privilege, and can run in another process than the half that attaches (`ProbeSession`).
///
/// Used by one thread.
public final class RecordReader {
    private let ring: EventRing?
    private let processors: [ProcessorBuffer]
    private var lastRecord: Int64 = 0

    /// How long after a record the ring is looked at every millisecond. The programs wake this thread up only when they
    /// have not done so for half of that time (`WAKE_UP_NANOSECONDS` of tls.bpf.c), so no record waits for longer.
    private static let attentionNanoseconds: Int64 = 20_000_000
    private static let patienceMilliseconds: Int32 = 100
    /// Buffers of processors wake this thread up only when they are a quarter full.
    private static let processorPatienceMilliseconds: Int32 = 5
    /// After so many records of a processor the next one has its turn.
    private static let turnMax = 1_024

    /// - Parameter buffers: those of a `ProbeSession`, or copies of them.
    /// - Throws: where they cannot be mapped.
    public init(_ buffers: RecordBuffers) throws(ProbeFailure) {
        switch buffers {
        case .ring(let descriptor):
            processors = []
            do throws(BPFFailure) {
                ring = try EventRing(descriptor)
            } catch {
                throw ProbeSession.explained(error)
            }
        case .perProcessor(let descriptors, let octets):
            ring = nil
            var made: [ProcessorBuffer] = []
            for descriptor in descriptors {
                do throws(SystemFailure) {
                    made.append(try ProcessorBuffer(descriptor, octets: octets))
                } catch {
                    throw ProbeFailure(.unavailable, "\(error)")
                }
            }
            processors = made
        }
    }

    /// What it needs to stay open, beside those it was made with.
    public var descriptors: [Int32] { ring.map { [$0.descriptor] } ?? processors.map(\.descriptor) }

    private func consume(_ body: (Span<UInt8>) -> Void) -> Int {
        if let ring { return ring.consume(body) }
        return processors.reduce(0) { sum, processor in
            sum
                + processor.consume(atMost: Self.turnMax) { sample in
                    // Samples are filled up to a multiple of eight octets.
                    let length = sample.count >= 4 ? Int(sample.littleEndian32(at: 0)) : 0
                    body(sample.extracting(0..<min(length, sample.count)))
                }
        }
    }

    /// Waits for records for a while, and gives those that are there to `body`, in the order of the ring.
    /// - Parameter other: a descriptor that ends the wait, too.
    /// - Returns: whether that has something to read.
    public func read(orUntil other: Int32? = nil, _ body: (Span<UInt8>) -> Void) -> Bool {
        let now = Clock.monotonicNanoseconds
        let longest = ring == nil ? Self.processorPatienceMilliseconds : Self.patienceMilliseconds
        let patience = now - lastRecord < Self.attentionNanoseconds ? 1 : longest
        let readable = Descriptors.waitUntilReadable(
            (other.map { [$0] } ?? []) + descriptors, milliseconds: patience)
        if consume(body) > 0 { lastRecord = Clock.monotonicNanoseconds }
        return other != nil && readable[0]
    }

    /// Reads what is there, until nothing is: the end, once the probes are gone.
    public func drain(_ body: (Span<UInt8>) -> Void) {
        while consume(body) > 0 {}
    }
}
