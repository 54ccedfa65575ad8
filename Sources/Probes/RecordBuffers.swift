/// Where the kernel's programs put their records: descriptors, valid as long as the session, or copies of them for
/// longer.
public enum RecordBuffers: Equatable, Sendable {
    /// A ring for all processors (Linux 5.8).
    case ring(Int32)
    /// A buffer for each processor, of so many octets.
    case perProcessor([Int32], octets: Int)

    public var descriptors: [Int32] {
        switch self {
        case .ring(let descriptor): [descriptor]
        case .perProcessor(let descriptors, _): descriptors
        }
    }
}
