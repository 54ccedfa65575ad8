/// One more place that snapshots go to, at an interval of its own.
public struct WriterSettings: Equatable, Sendable {
    public enum Place: Equatable, Sendable {
        /// Snapshot directories below this one.
        case directory(String)
        /// A database, in the form that `--store` takes.
        case database(String)
    }

    public var place: Place
    /// One snapshot is written for each such span; `nil` for each as it comes.
    public var intervalNanoseconds: Int64?
    /// How long a database keeps snapshots; `nil` for ever.
    public var keepNanoseconds: Int64?
    /// Where snapshots wait while a server is away; `nil` for nowhere.
    public var spool: String?

    public init(
        _ place: Place, intervalNanoseconds: Int64? = nil, keepNanoseconds: Int64? = nil, spool: String? = nil
    ) {
        self.place = place
        self.intervalNanoseconds = intervalNanoseconds
        self.keepNanoseconds = keepNanoseconds
        self.spool = spool
    }
}
