import Events
import Headers
import Octets

/// One event of every type, with a value in every field.
enum SampleEvents {
    static let v4Info: BaseInfo = {
        var info = BaseInfo()
        info.time = 0x0102_0304_0506_0708
        info.pid = 0x1111_1111
        info.tid = 0x2222_2222
        info.comm = CommandName(Array("curl".utf8))
        info.fd = 5
        info.direction = .sent
        info.source = IPAddress(v4: 0x0A00_0007)
        info.destination = IPAddress(v4: 0x5DB8_D822)
        info.sourcePort = 0xCA7D
        info.destinationPort = 443
        info.sock = 0xFFFF_8881_0066_57C0
        return info
    }()

    static let v6Info: BaseInfo = {
        var info = v4Info
        info.source = IPAddress(v6: 0x2001_0DB8_0000_0000, 1)
        info.destination = IPAddress(v6: 0x2001_0DB8_0000_0000, 2)
        info.comm = CommandName(Array("fifteen-octets!".utf8))
        info.direction = .received
        return info
    }()

    /// What events of a process without a connection know.
    static let processInfo: BaseInfo = {
        var info = BaseInfo()
        info.time = 1_700_000_000_123_456_789
        info.pid = 1234
        info.tid = 1235
        info.comm = CommandName(Array("bash".utf8))
        return info
    }()

    static var secrets: MasterSecretEvent {
        var event = MasterSecretEvent(
            info: processInfo, tlsVersion: .tls13, cipher: 0x0300_1301, clientRandom: Array(0..<32))
        event[.clientHandshakeTraffic] = [UInt8](repeating: 0xAB, count: 32)
        event[.exporter] = [UInt8](repeating: 0xCD, count: 48)
        return event
    }

    static let all: [EventRecord] = [
        .sslData(SSLDataEvent(info: v4Info, data: Array("GET / HTTP/1.1\r\n\r\n".utf8), tlsVersion: .tls12)),
        .sslData(SSLDataEvent(info: processInfo, data: [], missing: nil)),
        .gnutlsData(GnutlsDataEvent(info: v6Info, data: [0, 1, 2, 255], tlsVersion: .tls13, missing: 70_000)),
        .nsprData(NsprDataEvent(info: v4Info, data: [UInt8](repeating: 7, count: 100))),
        .connData(
            ConnDataEvent(
                info: {
                    var info = v4Info
                    info.direction = .received
                    return info
                }(), isDestroy: false)),
        .connData(ConnDataEvent(info: v6Info, isDestroy: true)),
        .masterSecret(secrets),
        .bash(BashEvent(info: processInfo, uid: 1000, line: Array("ls -l".utf8), returnValue: -1)),
        .bash(BashEvent(info: processInfo, uid: 0, line: [], returnValue: 0, kind: .exit, shell: .zsh)),
        .mysqld(
            MysqldEvent(
                info: processInfo, query: Array("SELECT 1".utf8), fullLength: 300,
                status: MysqldEvent.Status(rawValue: -1))),
        .postgres(PostgresEvent(info: processInfo, query: Array("SELECT 2".utf8))),
        .packet(
            PacketEvent(
                info: {
                    var info = processInfo
                    info.direction = .sent
                    return info
                }(), interface: 2, wireLength: 1514, frame: [UInt8](repeating: 0xEE, count: 60))),
        .socketDestroyed(SocketDestroyedEvent(time: 1, pid: 2, sock: 0xFFFF_8881_0066_57C0)),
        .closed(ClosedEvent(time: -1)),
    ]
}

extension EventRecord {
    var encoded: [UInt8] {
        var buffer = OctetBuffer()
        encode(into: &buffer)
        return [UInt8](buffer)
    }
}

/// Spans do not live through the macros of the tests: these take arrays.
extension EventRecord {
    init(_ octets: [UInt8], clock: ClockOffset = .none) throws(EventFailure) {
        try self.init(octets.span, clock: clock)
    }
}

extension Event {
    init(_ octets: [UInt8]) throws(EventFailure) { try self.init(record: octets.span) }

    /// What a reader makes of the record of this event.
    func reread() throws(EventFailure) -> Self { try Self(encoded) }
}
