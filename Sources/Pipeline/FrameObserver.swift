/// Looks at the frames of an analysis beside its aggregator: for what needs more of a frame than its flow.
///
/// The frames of one source are spread among the workers batch by batch: each is seen once, by one worker, and each
/// worker sees its own in their order. What needs all frames of a flow in order takes one worker, or sorts them itself.
/// Every method is called on the worker's thread, which waits for it meanwhile.
public protocol FrameObserver: Sendable {
    /// A batch, before its frames are counted. It is the worker's: copy what is to stay.
    func take(_ frames: borrowing FrameBatch, worker: Int)

    /// The worker has handed over what it counted before the cut.
    func cut(_ cut: SnapshotCut, worker: Int)

    /// Live sources: nothing came for some tenth of a second. For what is due by the clock.
    func idle(worker: Int)

    /// The worker has seen its last batch.
    func end(worker: Int)
}

extension FrameObserver {
    public func cut(_ cut: SnapshotCut, worker: Int) {}
    public func idle(worker: Int) {}
    public func end(worker: Int) {}
}
