/// Where the workers of an analysis get their frames: captures, or live interfaces.
public protocol FrameSource: AnyObject, Sendable {
    /// Fills the batch, or tells what else there is to do.
    ///
    /// - Parameters:
    ///   - cutsMade: how many cuts the worker has made so far.
    ///   - worker: its number, from 0.
    func next(_ batch: inout FrameBatch, cutsMade: Int, worker: Int) -> SourceTurn

    /// Ends the input: what was received by then is still handed out where it waits in the kernel, and no more.
    func stop()

    var progress: SourceProgress { get }
}

/// What a worker got from a source.
public enum SourceTurn: Sendable {
    case frames
    /// All frames before the cut have been handed out, to this worker or others.
    case cut(SnapshotCut)
    /// Nothing came for a while; live sources only.
    case idle
    case end
}

/// A moment between two frames at which all workers hand over what they have counted.
public struct SnapshotCut: Equatable, Sendable {
    /// Nanoseconds since 1970 UTC; by packet time or wall clock.
    public var time: Int64
    /// 1 for the first.
    public var number: Int
}
