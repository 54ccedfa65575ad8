import CaptureFiles
import KernelIO

/// A piece of a capture and the frames in it: what a source hands to a worker.
public struct FrameBatch: ~Copyable, Sendable {
    /// Octets read at a time. Larger pieces leave the second-level cache, smaller ones cost system calls.
    static let pieceOctets = 512 << 10
    static let frameCapacity = 16_384

    var window = MappedArray<UInt8>(count: pieceOctets + (64 << 10))
    var frames = FrameList(capacity: frameCapacity)

    init() {}
}
