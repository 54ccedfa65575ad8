import IPFIX
import KernelIO
import Octets

/// Why written results could not be read back.
public enum ReadFailure: Error, Equatable, Sendable {
    /// The system refused.
    case file(SystemFailure)
    /// The file is damaged or not ours; the failure says where.
    case damaged(path: String, IPFIXFailure)
    /// A directory holds neither `.dat` files nor directories with some.
    case noResults(path: String)
    /// A file does not begin as a `.dat` file does.
    case notResults(path: String)
    /// A shard is of another task, snapshot or key than the one before it in the same directory.
    case mixed(path: String)
    /// A shard is missing, between others or of as many as the task's summary says it has.
    case missingShard(path: String)
}

extension ReadFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .file(let failure): failure.description
        case .damaged(let path, let failure): "\(SystemName.shown(path)): \(failure)"
        case .noResults(let path):
            "\(SystemName.shown(path)): no results in this directory: no shard_N.dat, and no task or snapshot"
        case .notResults(let path):
            "\(SystemName.shown(path)): not a .dat file: it does not begin with an IPFIX message"
        case .mixed(let path):
            "\(SystemName.shown(path)): belongs to another task or snapshot than the shards before it"
        case .missingShard(let path): "\(SystemName.shown(path)): this shard is missing"
        }
    }
}
