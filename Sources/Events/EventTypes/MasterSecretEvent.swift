import Octets

/// The secrets of a TLS connection, as far as they are known when the record is made: the master secret up to TLS 1.2,
/// the traffic secrets of TLS 1.3 (RFC 8446 § 7.1).
///
/// | offset | octets | field | meaning |
/// |---|---|---|---|
/// | 0 | 16 | header | `RecordHeader`; type 3 |
/// | 16 | 4 | `pid` | |
/// | 20 | 4 | `tid` | |
/// | 24 | 16 | `comm` | up to the first 0 |
/// | 40 | 2 | `tls_version` | `TLSVersion` |
/// | 42 | 2 | `reserved` | 0 |
/// | 44 | 4 | `cipher` | as the library numbers it; the lower 16 bits are the cipher suite |
/// | 48 | 32 | `client_random` | |
/// | 80 | 8 | `secret_length` | of each secret: 0 (not known) ... 64 |
/// | 88 | 8 · 64 | `secret` | in the order of `Secret` |
public struct MasterSecretEvent: Event {
    /// What a secret is for. The raw value is its place in the record.
    public enum Secret: Int, Sendable, CaseIterable {
        /// TLS 1.2 and before: 48 octets.
        case master = 0
        case clientEarlyTraffic
        case clientHandshakeTraffic
        case serverHandshakeTraffic
        case clientApplicationTraffic
        case serverApplicationTraffic
        case exporter
        case earlyExporter

        /// The label of NSS key log files (RFC 9850).
        public var keyLogLabel: String {
            switch self {
            case .master: "CLIENT_RANDOM"
            case .clientEarlyTraffic: "CLIENT_EARLY_TRAFFIC_SECRET"
            case .clientHandshakeTraffic: "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
            case .serverHandshakeTraffic: "SERVER_HANDSHAKE_TRAFFIC_SECRET"
            case .clientApplicationTraffic: "CLIENT_TRAFFIC_SECRET_0"
            case .serverApplicationTraffic: "SERVER_TRAFFIC_SECRET_0"
            case .exporter: "EXPORTER_SECRET"
            case .earlyExporter: "EARLY_EXPORTER_SECRET"
            }
        }
    }

    public static let recordType = RecordType.masterSecret
    public static let clientRandomOctets = 32
    public static let secretOctetsMax = 64
    static let octets = 88 + 8 * secretOctetsMax

    public var info: BaseInfo
    public var tlsVersion: TLSVersion
    public var cipher: UInt32
    /// 32 octets.
    public var clientRandom: [UInt8]
    /// By `Secret`: eight, each at most 64 octets; empty where it is not known.
    public private(set) var secrets: [[UInt8]]

    /// - Parameter clientRandom: 32 octets; what is missing is 0.
    public init(info: BaseInfo, tlsVersion: TLSVersion, cipher: UInt32, clientRandom: [UInt8]) {
        self.info = info
        self.tlsVersion = tlsVersion
        self.cipher = cipher
        let random = clientRandom.prefix(Self.clientRandomOctets)
        self.clientRandom = random + [UInt8](repeating: 0, count: Self.clientRandomOctets - random.count)
        secrets = [[UInt8]](repeating: [], count: Secret.allCases.count)
    }

    public subscript(secret: Secret) -> [UInt8] {
        get { secrets[secret.rawValue] }
        set { secrets[secret.rawValue] = Array(newValue.prefix(Self.secretOctetsMax)) }
    }

    public init(record: Span<UInt8>, clock: ClockOffset, at offset: Int64) throws(EventFailure) {
        let header = try RecordHeader(record, as: Self.recordType, fixed: Self.octets, at: offset)
        try header.requirePayload(0, behind: Self.octets, max: 0, at: offset)
        self.init(
            info: BaseInfo(processOf: record, header, clock),
            tlsVersion: TLSVersion(rawValue: record.littleEndian16(at: 40)), cipher: record.littleEndian32(at: 44),
            clientRandom: (48..<80).map { record[$0] })
        for secret in Secret.allCases {
            let count = Int(record[80 + secret.rawValue])
            guard count <= Self.secretOctetsMax else {
                throw EventFailure(
                    .masterSecret, .inconsistentLength, at: offset, needed: Self.secretOctetsMax, available: count)
            }
            let start = 88 + secret.rawValue * Self.secretOctetsMax
            self[secret] = (start..<(start + count)).map { record[$0] }
        }
    }

    public func encode(into buffer: inout OctetBuffer) {
        buffer.write(atMost: Self.octets) { output in
            output.append(header: Self.recordType, length: Self.octets, time: info.time)
            output.append(process: info)
            output.append(littleEndian: tlsVersion.rawValue)
            output.append(zeros: 2)
            output.append(littleEndian: cipher)
            for index in 0..<Self.clientRandomOctets {
                output.append(index < clientRandom.count ? clientRandom[index] : 0)
            }
            for secret in secrets { output.append(UInt8(secret.count)) }
            for secret in secrets {
                output.append(contentsOf: secret.span)
                output.append(zeros: Self.secretOctetsMax - secret.count)
            }
        }
    }

    public var baseInfo: BaseInfo { info }
    public var payload: [UInt8] { [] }

    /// Lines of an NSS key log file: `LABEL CLIENT_RANDOM SECRET`, one per known secret. Secrets of zeros alone are
    /// none: the library had not derived them yet.
    public func appendKeyLog(to buffer: inout OctetBuffer) {
        for secret in Secret.allCases where self[secret].contains(where: { $0 != 0 }) {
            buffer.append("\(secret.keyLogLabel) ")
            buffer.append(hexadecimal: clientRandom.span)
            buffer.append(" ")
            buffer.append(hexadecimal: self[secret].span)
            buffer.append("\n")
        }
    }

    /// Says which secrets are known, not what they are: those belong into a key log.
    public func appendText(to buffer: inout OctetBuffer) {
        buffer.append("PID:\(info.pid), TID:\(info.tid), Comm:")
        buffer.append(terminal: info.comm)
        buffer.append(", \(tlsVersion), Cipher:0x\(String(cipher, radix: 16)), ClientRandom:")
        buffer.append(hexadecimal: clientRandom.span)
        buffer.append(", Secrets:")
        for secret in Secret.allCases where !self[secret].isEmpty { buffer.append(" \(secret.keyLogLabel)") }
        buffer.append("\n")
    }

    public func appendHex(to buffer: inout OctetBuffer) { appendText(to: &buffer) }
}
