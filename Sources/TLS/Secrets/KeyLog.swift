import Octets

/// The secrets of a key log (the NSS key log format, RFC 9850): lines of a label, a client random and a secret.
///
/// It takes the octets in pieces cut anywhere. What is no line of a key log is counted and passed over. Bounded: no
/// more than `connectionsMax` connections are kept.
public struct KeyLog: Sendable {
    /// What a line gives the secret of.
    public enum Label: String, Sendable, CaseIterable {
        /// The master secret, up to TLS 1.2.
        case master = "CLIENT_RANDOM"
        case clientEarlyTraffic = "CLIENT_EARLY_TRAFFIC_SECRET"
        case clientHandshakeTraffic = "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
        case serverHandshakeTraffic = "SERVER_HANDSHAKE_TRAFFIC_SECRET"
        case clientTraffic = "CLIENT_TRAFFIC_SECRET_0"
        case serverTraffic = "SERVER_TRAFFIC_SECRET_0"
        case exporter = "EXPORTER_SECRET"
        case earlyExporter = "EARLY_EXPORTER_SECRET"
    }

    /// Labels of lines that are well-formed and of no use here: what they name is not needed to decrypt records.
    static let unusedLabels: Set<String> = [
        "EARLY_EXPORTER_MASTER_SECRET", "ECH_SECRET", "ECH_CONFIG",
        "QUIC_CLIENT_EARLY_TRAFFIC_SECRET", "QUIC_CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "QUIC_SERVER_HANDSHAKE_TRAFFIC_SECRET", "QUIC_CLIENT_TRAFFIC_SECRET_0", "QUIC_SERVER_TRAFFIC_SECRET_0",
    ]

    /// Lines that stand for a connection otherwise, up to TLS 1.2; their forms are those that Wireshark takes.
    private enum OtherForm {
        /// `RSA`: a pre-master secret, by the first octets of what it is encrypted to.
        static let encrypted = "RSA"
        /// `PMS_CLIENT_RANDOM`: a pre-master secret, by the client's random.
        static let preMaster = "PMS_CLIENT_RANDOM"
        /// `RSA Session-ID:… Master-Key:…`: a master secret, by the session, as `openssl s_client` prints them.
        static let session = Array("Session-ID:".utf8)
        static let master = Array("Master-Key:".utf8)
    }

    /// The secrets of one connection, by label; empty where not known.
    public struct Secrets: Equatable, Sendable {
        private var values: [Label: [UInt8]] = [:]

        public subscript(label: Label) -> [UInt8] {
            get { values[label] ?? [] }
            set { values[label] = newValue }
        }
    }

    /// What became of the lines.
    public struct Counts: Equatable, Sendable {
        public var secrets: UInt64 = 0
        /// Lines with another secret than the one known for the same connection and label: the first stays.
        public var conflicting: UInt64 = 0
        public var repeated: UInt64 = 0
        /// Well-formed lines of a label that is not used here.
        public var unused: UInt64 = 0
        /// Neither a comment, nor empty, nor a label with two numbers in hexadecimal digits.
        public var malformed: UInt64 = 0
        /// Lines for which there was no room.
        public var tooMany: UInt64 = 0

        public init() {}
    }

    public private(set) var counts = Counts()
    private var connections: [[UInt8]: Secrets] = [:]
    /// Pre-master secrets by what `preMaster(ofClientRandom:encrypted:)` looks for.
    private var preMasters: [[UInt8]: [UInt8]] = [:]
    /// Master secrets by the ID of the session.
    private var sessions: [[UInt8]: [UInt8]] = [:]
    /// The line that has begun, up to `lineOctetsMax`.
    private var line: [UInt8] = []
    private var isLineTooLong = false

    /// The longest line there can be (a label, 32 octets, 1,024 octets) has under 2,200 octets.
    static let lineOctetsMax = 4_096
    /// Of each of the three ways to name a connection.
    public static let connectionsMax = 1 << 20
    static let secretOctetsMax = 64
    /// That of a Diffie-Hellman group is as long as its prime: of 8,192 bits (RFC 7919).
    static let preMasterOctetsMax = 1_024
    /// How many octets of an encrypted pre-master secret a line of `RSA` gives.
    static let encryptedOctets = 8
    private static let masterOctets = 48

    public init() {}

    /// Changes whenever there are new secrets.
    public var generation: UInt64 { counts.secrets }

    public var isEmpty: Bool { connections.isEmpty && preMasters.isEmpty && sessions.isEmpty }

    public var connectionCount: Int { connections.count }

    public func secrets(ofClientRandom random: [UInt8]) -> Secrets? { connections[random] }

    /// Whether there is any pre-master secret.
    public var hasPreMasters: Bool { !preMasters.isEmpty }

    /// - Parameter encrypted: what the client has sent, where it encrypts the secret (RFC 5246 § 7.4.7.1).
    public func preMaster(ofClientRandom random: [UInt8], encrypted: [UInt8]) -> [UInt8]? {
        preMasters[Array(encrypted.prefix(Self.encryptedOctets))] ?? preMasters[random]
    }

    public func master(ofSession identifier: [UInt8]) -> [UInt8]? { sessions[identifier] }

    /// Keeps a master secret that was derived, for connections that resume the session.
    mutating func keep(master: [UInt8], ofSession identifier: [UInt8]) {
        guard !identifier.isEmpty, sessions.count < Self.connectionsMax else { return }
        sessions[identifier] = master
    }

    /// Takes the next octets of a key log.
    public mutating func append(_ octets: Span<UInt8>) {
        for index in octets.indices {
            let octet = octets[index]
            if octet == 0x0A || octet == 0x0D {
                endLine()
            } else if line.count < Self.lineOctetsMax {
                line.append(octet)
            } else {
                isLineTooLong = true
            }
        }
    }

    /// Takes the last line, where no line's end follows it.
    public mutating func finish() { endLine() }

    private mutating func endLine() {
        defer {
            line.removeAll(keepingCapacity: true)
            isLineTooLong = false
        }
        let words = line.split { $0 == 0x20 || $0 == 0x09 }
        guard let first = words.first, first.first != UInt8(ascii: "#") else { return }
        guard !isLineTooLong, words.count == 3 else {
            counts.malformed += 1
            return
        }
        let name = String(decoding: first, as: UTF8.self)
        if name == OtherForm.encrypted, words[1].starts(with: OtherForm.session) {
            return endSessionLine(words[1].dropFirst(OtherForm.session.count), words[2])
        }
        guard let random = Self.octets(words[1]), let secret = Self.octets(words[2]) else {
            counts.malformed += 1
            return
        }
        guard let label = Label(rawValue: name) else { return endOtherLine(name, random, secret) }
        guard random.count == ClientHello.randomOctets, !secret.isEmpty, secret.count <= Self.secretOctetsMax else {
            counts.malformed += 1
            return
        }
        add(label, random, secret)
    }

    private mutating func endOtherLine(_ name: String, _ octets: [UInt8], _ secret: [UInt8]) {
        let expected: Int
        switch name {
        case OtherForm.encrypted: expected = Self.encryptedOctets
        case OtherForm.preMaster: expected = ClientHello.randomOctets
        default:
            if Self.unusedLabels.contains(name) { counts.unused += 1 } else { counts.malformed += 1 }
            return
        }
        guard octets.count == expected, 1...Self.preMasterOctetsMax ~= secret.count else {
            counts.malformed += 1
            return
        }
        add(secret, of: octets, to: \.preMasters)
    }

    private mutating func endSessionLine(_ identifier: ArraySlice<UInt8>, _ master: ArraySlice<UInt8>) {
        guard master.starts(with: OtherForm.master), let identifier = Self.octets(identifier),
            let secret = Self.octets(master.dropFirst(OtherForm.master.count)), 1...32 ~= identifier.count,
            secret.count == Self.masterOctets
        else {
            counts.malformed += 1
            return
        }
        add(secret, of: identifier, to: \.sessions)
    }

    private mutating func add(
        _ secret: [UInt8], of key: [UInt8], to table: WritableKeyPath<Self, [[UInt8]: [UInt8]]>
    ) {
        if let known = self[keyPath: table][key] {
            if known == secret { counts.repeated += 1 } else { counts.conflicting += 1 }
        } else if self[keyPath: table].count < Self.connectionsMax {
            counts.secrets += 1
            self[keyPath: table][key] = secret
        } else {
            counts.tooMany += 1
        }
    }

    private mutating func add(_ label: Label, _ random: [UInt8], _ secret: [UInt8]) {
        let known = connections[random]
        if let known, !known[label].isEmpty {
            if known[label] == secret { counts.repeated += 1 } else { counts.conflicting += 1 }
            return
        }
        guard known != nil || connections.count < Self.connectionsMax else {
            counts.tooMany += 1
            return
        }
        counts.secrets += 1
        connections[random, default: Secrets()][label] = secret
    }

    /// The octets that hexadecimal digits of either case stand for.
    private static func octets(_ digits: ArraySlice<UInt8>) -> [UInt8]? {
        guard digits.count % 2 == 0 else { return nil }
        var octets: [UInt8] = []
        var high: UInt8?
        for digit in digits {
            guard let value = Character(UnicodeScalar(digit)).hexDigitValue else { return nil }
            if let first = high {
                octets.append(first << 4 | UInt8(value))
                high = nil
            } else {
                high = UInt8(value)
            }
        }
        return octets
    }
}
