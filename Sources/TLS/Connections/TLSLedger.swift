/// What became of the octets of TLS connections. Numbers add up when ledgers are merged.
public struct TLSLedger: Equatable, Sendable {
    /// Why records stay encrypted, or are lost.
    public enum Cause: UInt8, Sendable, CaseIterable {
        // Filtered: not asked for, or not possible with what was given.
        /// No secret of this connection is known.
        case noKey
        /// The capture does not have the beginning of the connection.
        case noHandshake
        /// A cipher suite, a compression or a version that is not undone here.
        case unsupported
        /// More connections at a time than are followed.
        case tooMany
        // Lost.
        /// Not what the key should give: damaged, or of another key.
        case notAuthentic
        /// Part of the record is missing in the capture.
        case cut
        /// Between a gap and the next record that opens.
        case unrecognised
        /// The capture ends within the record.
        case incomplete

        public var isLoss: Bool { rawValue >= Cause.notAuthentic.rawValue }
    }

    /// Octets of TLS connections, record headers included.
    public var seen: UInt64 = 0
    /// Of records in the clear: handshakes, alerts, and what was none of TLS.
    public var clear: UInt64 = 0
    /// Of records that were decrypted.
    public var decrypted: UInt64 = 0
    public private(set) var others: [UInt64] = Array(repeating: 0, count: Cause.allCases.count)

    /// Octets of application data that came out.
    public var plaintext: UInt64 = 0
    /// Octets of early data that servers did not take: clients say them again.
    public var rejectedEarlyData: UInt64 = 0
    public var connections: UInt64 = 0
    /// Connections of which application data came out.
    public var decryptedConnections: UInt64 = 0
    /// Connections of which no record could be decrypted for want of a key.
    public var keylessConnections: UInt64 = 0

    public init() {}

    public subscript(cause: Cause) -> UInt64 {
        get { others[Int(cause.rawValue)] }
        set { others[Int(cause.rawValue)] = newValue }
    }

    /// seen = delivered + filtered by cause + lost by cause; holds when all connections have ended.
    public var isBalanced: Bool { seen == clear + decrypted + others.reduce(0, +) }
}
