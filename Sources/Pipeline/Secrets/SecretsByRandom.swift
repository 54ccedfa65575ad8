import Events
import Octets

/// What programs derived, by the connection's client random, until its packets come or after they came. Bounded: those
/// that came first are forgotten.
struct SecretsByRandom {
    struct Entry {
        /// Lines of a key log.
        var lines: [UInt8] = []
        private(set) var purposes: Set<MasterSecretEvent.Secret> = []
        /// Who derived them, as comments say it.
        private(set) var comment: [UInt8] = []
        private var processes: [UInt32] = []
        /// Connections with this client random; more than one where addresses are translated.
        var places: [Place] = []

        /// Nothing more has to be waited for (RFC 8446 § 7.1; RFC 5246 § 8.1).
        var isComplete: Bool {
            purposes.contains(.master)
                || purposes.isSuperset(of: [
                    .clientHandshakeTraffic, .serverHandshakeTraffic, .clientApplicationTraffic,
                    .serverApplicationTraffic,
                ])
        }

        /// Two ends, each perhaps with a process that hands over to another.
        private static let processesMax = 4

        mutating func note(_ secret: DerivedSecret) {
            purposes.insert(secret.purpose)
            let info = secret.info
            guard !processes.contains(info.pid), processes.count < Self.processesMax else { return }
            processes.append(info.pid)
            var text = OctetBuffer()
            if !comment.isEmpty { text.append("; ") }
            text.append("PID:\(info.pid), Comm:")
            text.append(terminal: info.comm)
            comment.append(contentsOf: text.octets)
        }
    }

    /// Where a connection is looked after, and its number: the place may be another one's by now.
    struct Place: Equatable {
        var slot: Int
        var serial: Int
    }

    /// So many are remembered at least, and twice as many at most.
    static let entriesMax = 16_384
    private var recent: [ClientRandom: Entry] = [:]
    private var older: [ClientRandom: Entry] = [:]

    subscript(random: ClientRandom) -> Entry? { recent[random] ?? older[random] }

    /// Changes an entry, or makes one.
    mutating func update(_ random: ClientRandom, _ body: (inout Entry) -> Void) {
        if recent[random] == nil {
            if recent.count >= Self.entriesMax {
                older = recent
                recent = [:]
            }
            recent[random] = older.removeValue(forKey: random) ?? Entry()
        }
        body(&recent[random]!)
    }
}
