import Events
import Headers
import Octets

/// What the kernel's programs say of sockets (Sources/C/CProbeRecords/owner_records.h). Times are nanoseconds since
/// 1970 UTC.
public enum SocketEvent: Equatable, Sendable {
    case owner(SocketSighting)
    /// No process has the socket any more.
    case gone(cookie: UInt64, time: Int64)
    /// Since `begun` every socket that a process has open was told, unless more records are lost than before.
    case scanned(begun: Int64, time: Int64, lost: UInt64)
    /// Where a control group is: `/system.slice/ssh.service`.
    case group(UInt64, path: String)
}

/// A process was seen to have a socket.
public struct SocketSighting: Equatable, Sendable {
    /// The socket's own number, which no other one ever gets.
    public var cookie: UInt64
    public var ends: SocketEnds
    /// The number of its network namespace.
    public var network: UInt32
    public var owner: SocketOwner
    /// It uses the socket: has sent, received, connected or listened. Otherwise it has it open.
    public var isUse: Bool
    /// TCP: connections come in through it.
    public var listens: Bool
    /// What has no address of its own takes IPv4 as well unless it says so.
    public var isV6Only: Bool
    public var since: Int64
    public var time: Int64

    public init(
        cookie: UInt64, ends: SocketEnds, network: UInt32 = 0, owner: SocketOwner, isUse: Bool = true,
        listens: Bool = false, isV6Only: Bool = false, since: Int64, time: Int64? = nil
    ) {
        self.cookie = cookie
        self.ends = ends
        self.network = network
        self.owner = owner
        self.isUse = isUse
        self.listens = listens
        self.isV6Only = isV6Only
        self.since = since
        self.time = time ?? since
    }
}

/// Both ends of a socket. Where it is not connected, `remote` is of no family and its port 0; where it takes what comes
/// to any address, `local` is 0.0.0.0 or ::.
public struct SocketEnds: Hashable, Sendable {
    /// 6: TCP, 17: UDP.
    public var `protocol`: UInt8
    public var local: IPAddress
    public var localPort: UInt16
    public var remote: IPAddress
    public var remotePort: UInt16

    public init(
        protocol: UInt8, local: IPAddress, localPort: UInt16, remote: IPAddress = .none, remotePort: UInt16 = 0
    ) {
        self.protocol = `protocol`
        self.local = local
        self.localPort = localPort
        self.remote = remote
        self.remotePort = remotePort
    }
}

extension SocketEvent {
    private enum Layout {
        static let owner: UInt16 = 64, gone: UInt16 = 65, scanned: UInt16 = 66, group: UInt16 = 67
        static let ownerOctets = 120, goneOctets = 24, scannedOctets = 32, groupOctets = 1_568
        static let names = 12, nameOctets = 128
    }

    /// Reads one whole record.
    /// - Throws: where it is cut, or of another kind.
    public init(_ record: Span<UInt8>, clock: ClockOffset) throws(EventFailure) {
        let header = try RecordHeader(record)
        let time = clock.unix(header.time)
        func require(_ octets: Int) throws(EventFailure) {
            guard record.count >= octets else {
                throw EventFailure(.recordHeader, .truncated, at: 0, needed: octets, available: record.count)
            }
        }
        switch header.type.rawValue {
        case Layout.owner:
            try require(Layout.ownerOctets)
            self = .owner(SocketSighting(record, time: time, clock))
        case Layout.gone:
            try require(Layout.goneOctets)
            self = .gone(cookie: record.littleEndian64(at: 16), time: time)
        case Layout.scanned:
            try require(Layout.scannedOctets)
            self = .scanned(
                begun: clock.unix(record.littleEndian64(at: 16)), time: time, lost: record.littleEndian64(at: 24))
        case Layout.group:
            try require(Layout.groupOctets)
            self = .group(record.littleEndian64(at: 16), path: Self.path(record))
        default:
            throw EventFailure(.recordHeader, .wrongType, at: 0, available: Int(header.type.rawValue))
        }
    }

    /// The names stand from the group's own upwards.
    private static func path(_ record: Span<UInt8>) -> String {
        let count = min(Int(record.littleEndian32(at: 24)), Layout.names)
        var path: [UInt8] = record.littleEndian32(at: 28) == 0 ? Array("/…".utf8) : count == 0 ? Array("/".utf8) : []
        for index in (0..<count).reversed() {
            path.append(UInt8(ascii: "/"))
            let start = 32 + index * Layout.nameOctets
            for offset in start..<start + Layout.nameOctets {
                guard record[offset] != 0 else { break }
                path.append(record[offset])
            }
        }
        return String(decoding: path, as: UTF8.self)
    }
}

extension SocketSighting {
    /// The record has all its octets.
    fileprivate init(_ record: Span<UInt8>, time: Int64, _ clock: ClockOffset) {
        func address(_ offset: Int) -> IPAddress {
            record[60] == 2
                ? IPAddress(v4: record.bigEndian32(at: offset))
                : IPAddress(v6: record.bigEndian64(at: offset), record.bigEndian64(at: offset + 8))
        }
        let remote = address(104)
        let owner = SocketOwner(
            pid: record.littleEndian32(at: 48), started: record.littleEndian64(at: 40),
            uid: record.littleEndian32(at: 52), cgroup: record.littleEndian64(at: 32),
            comm: CommandName(record, at: 72))
        self.init(
            cookie: record.littleEndian64(at: 24),
            ends: SocketEnds(
                protocol: record[61], local: address(88), localPort: record.littleEndian16(at: 64),
                remote: remote.isUnspecified ? .none : remote, remotePort: record.littleEndian16(at: 66)),
            network: record.littleEndian32(at: 56), owner: owner, isUse: record[62] == 0,
            listens: record[63] & 1 != 0, isV6Only: record[60] == 10 && record[63] & 2 != 0,
            since: clock.unix(record.littleEndian64(at: 16)), time: time)
    }
}

extension IPAddress {
    /// 0.0.0.0 or ::.
    var isUnspecified: Bool { high == 0 && low == 0 }
    /// Only ever the machine's own (RFC 1122 § 3.2.1.3, RFC 4291 § 2.5.3).
    var isLoopback: Bool { family == .v4 ? low >> 24 == 127 : family == .v6 && high == 0 && low == 1 }
}
