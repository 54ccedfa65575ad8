import CProbeRecords

/// What the kernel's programs have seen and what became of it: the ledger's stages before user space.
public struct ProbeCounters: Equatable, Sendable {
    /// Calls that carried plaintext, and its octets.
    public var calls: UInt64 = 0
    public var octets: UInt64 = 0
    /// What was put into the ring of it.
    public var records: UInt64 = 0
    public var writtenOctets: UInt64 = 0
    /// Lost: the ring was full.
    public var ringFullOctets: UInt64 = 0
    /// Left out: beyond the limit of one call.
    public var overLimitOctets: UInt64 = 0
    /// Lost: the program's memory could not be read.
    public var unreadableOctets: UInt64 = 0
    /// Ends of sockets that were put into the ring, and that found no room there.
    public var sockets: UInt64 = 0
    public var ringFullSockets: UInt64 = 0
    /// Calls that were not followed, so that nobody knows what they carried.
    public var unfollowedCalls: UInt64 = 0
    /// Sockets too many to be told apart.
    public var unfollowedSockets: UInt64 = 0
    /// Children too many to be followed.
    public var unfollowedChildren: UInt64 = 0
    /// Records of connections whose socket is not known.
    public var recordsWithoutSocket: UInt64 = 0

    /// Secrets of connections that were derived, and what became of them: put into the ring; lost, as the ring was full
    /// or the program's memory could not be read; left out, as nobody knows of which connection they are.
    public var secrets: UInt64 = 0
    public var writtenSecrets: UInt64 = 0
    public var ringFullSecrets: UInt64 = 0
    public var unreadableSecrets: UInt64 = 0
    public var secretsWithoutRandom: UInt64 = 0

    public init() {}

    /// As the programs count them: what goes from one process to another.
    public private(set) var values: [UInt64] = []

    /// - Parameter values: by `ns_counter`; what is missing is 0.
    public init(_ values: [UInt64]) {
        self.values = values
        func value(_ counter: ns_counter) -> UInt64 {
            let index = Int(counter.rawValue)
            return index < values.count ? values[index] : 0
        }
        calls = value(NS_CALLS)
        octets = value(NS_OCTETS)
        records = value(NS_RECORDS_WRITTEN)
        writtenOctets = value(NS_OCTETS_WRITTEN)
        ringFullOctets = value(NS_OCTETS_RING_FULL)
        overLimitOctets = value(NS_OCTETS_OVER_LIMIT)
        unreadableOctets = value(NS_OCTETS_UNREADABLE)
        sockets = value(NS_SOCKETS_WRITTEN)
        ringFullSockets = value(NS_SOCKETS_RING_FULL)
        unfollowedCalls = value(NS_CALLS_NO_THREAD) + value(NS_CALLS_TOO_DEEP) + value(NS_RETURNS_UNMATCHED)
        unfollowedSockets = value(NS_CONNECTIONS_UNFOLLOWED)
        unfollowedChildren = value(NS_CHILDREN_UNFOLLOWED)
        recordsWithoutSocket = value(NS_RECORDS_NO_SOCKET)
        secrets = value(NS_SECRETS)
        writtenSecrets = value(NS_SECRETS_WRITTEN)
        ringFullSecrets = value(NS_SECRETS_RING_FULL)
        unreadableSecrets = value(NS_SECRETS_UNREADABLE)
        secretsWithoutRandom = value(NS_SECRETS_NO_RANDOM)
    }
}
