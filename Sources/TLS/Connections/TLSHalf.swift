import Events

/// One direction of a connection.
struct TLSHalf {
    /// Which of a direction's keys are in use (RFC 8446 § 7.1); up to TLS 1.2 there is one after another.
    enum Epoch: Int {
        case clear, early, handshake, application
    }

    /// Application data that did not come out since the last that did.
    enum Missing: Equatable {
        case nothing
        case octets(Int)
        case unknown
    }

    /// How often a record may be tried with another number, or other keys, than is expected. Each costs as much as
    /// decrypting it.
    static let trialsMax = 4_096
    /// Servers let 16 KiB through, commonly. What is more is given out unjudged.
    static let earlyOctetsMax = 1 << 18

    var framer = RecordFramer()
    var handshake = HandshakeAssembler()
    /// Set after a gap behind which nobody knows where records begin.
    var search: RecordSearch?
    /// Octets that are missing before what is searched, at most.
    var searchedGap: Int?
    /// Up to TLS 1.2: ChangeCipherSpec was seen, so that records are encrypted.
    var isProtected = false
    var epoch = Epoch.clear
    /// The traffic secret of the epoch.
    var secret: [UInt8] = []
    /// What may open the next record: one once a record was opened, before that one for each suite there may be.
    var protections: [RecordProtection] = []
    /// Of the epochs after, by `Epoch.rawValue`.
    var later: [Int: [RecordProtection]] = [:]
    /// `KeyLog.generation` when keys were looked for.
    var keysLookedAt: UInt64?
    /// The number of the next record under its key.
    var sequence: UInt64 = 0
    /// Early data, until it is known whether the server has taken it (RFC 8446 § 4.2.10).
    var early: [UInt8] = []
    var missing = Missing.nothing
    var hasRecord = false
    /// What comes is not TLS.
    var isUnwrapped = false
    var isClosed = false
    var trialsLeft = Self.trialsMax

    var waitingOctets: Int { framer.waitingOctets + (search?.waitingOctets ?? 0) }
}

extension TLSHalf.Missing {
    mutating func add(_ octets: Int?) {
        guard let octets, self != .unknown else {
            self = .unknown
            return
        }
        if case .octets(let before) = self { self = .octets(before + octets) } else { self = .octets(octets) }
    }
}
