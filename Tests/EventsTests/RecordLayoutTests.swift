import Events
import Headers
import Octets
import Testing

/// The layouts octet by octet: what the kernel side writes is written out here.
@Suite struct RecordLayoutTests {
    /// Zeros up to `offset`, then `octets`.
    private static func at(_ offset: Int, _ octets: [UInt8], in record: inout [UInt8]) {
        precondition(record.count <= offset, "parts come in order")
        record += [UInt8](repeating: 0, count: offset - record.count) + octets
    }

    private static func record(_ parts: [(Int, [UInt8])]) -> [UInt8] {
        parts.reduce(into: []) { at($1.0, $1.1, in: &$0) }
    }

    private static let curl = Array("curl".utf8) + [UInt8](repeating: 0, count: 12)
    private static let bash = Array("bash".utf8) + [UInt8](repeating: 0, count: 12)
    private static let sock: [UInt8] = [0xC0, 0x57, 0x66, 0x00, 0x81, 0x88, 0xFF, 0xFF]
    /// 1,700,000,000,123,456,789
    private static let time: [UInt8] = [0x15, 0xCD, 0x85, 0x3D, 0xFE, 0x9C, 0x97, 0x17]
    private static let process: [UInt8] = [0xD2, 4, 0, 0, 0xD3, 4, 0, 0] + bash

    @Test func plaintext() throws {
        let data = Array("GET / HTTP/1.1\r\n\r\n".utf8)
        let octets = Self.record([
            (0, [122, 0, 0, 0, 1, 0, 1, 0, 8, 7, 6, 5, 4, 3, 2, 1]),
            (16, [0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x22, 0x22]), (24, Self.curl), (40, Self.sock),
            (48, [5, 0, 0, 0, 18, 0, 0, 0]), (56, [0, 0, 0, 0, 3, 3, 1, 2]),
            (64, [10, 0, 0, 7]), (80, [0x5D, 0xB8, 0xD8, 0x22]), (96, [0x7D, 0xCA, 0xBB, 1]), (104, data),
        ])
        #expect(try EventRecord(octets) == SampleEvents.all[0])
        #expect(SampleEvents.all[0].encoded == octets)
        let view = try DataRecordView(octets.span)
        #expect(view.type == .sslData && view.time == 0x0102_0304_0506_0708 && view.fd == 5 && view.dataLength == 18)
        #expect(view.missing == 0 && view.tlsVersion == .tls12 && view.hasTuple && view.direction == .sent)
        #expect(view.commandName == CommandName(Array("curl".utf8)))
        #expect(view.connectionKey == ConnectionKey(pid: 0x1111_1111, sock: 0xFFFF_8881_0066_57C0))
        var borrowed: [UInt8] = []
        borrowed.append(contentsOf: view.data)
        #expect(borrowed == data)
        #expect(view.baseInfo() == SampleEvents.v4Info)
    }

    /// A message of 20 octets costs about a hundred more.
    @Test func shortPlaintextStaysShort() {
        let event = SSLDataEvent(info: SampleEvents.v4Info, data: [UInt8](repeating: 1, count: 20))
        #expect(event.encoded.count == 124)
    }

    @Test func connection() throws {
        let octets = Self.record([
            (0, [96, 0, 0, 0, 2, 0, 1, 0, 8, 7, 6, 5, 4, 3, 2, 1]),
            (16, [0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x22, 0x22]), (24, Array("fifteen-octets!".utf8) + [0]),
            (40, Self.sock), (48, [5, 0, 0, 0, 0x7D, 0xCA, 0xBB, 1]),
            (56, [0x20, 1, 0x0D, 0xB8]), (71, [1]), (72, [0x20, 1, 0x0D, 0xB8]), (87, [2]),
            (88, [10, 0, 1, 0, 0, 0, 0, 0]),
        ])
        #expect(try EventRecord(octets) == SampleEvents.all[5])
        #expect(SampleEvents.all[5].encoded == octets)
    }

    @Test func secrets() throws {
        let octets = Self.record([
            (0, [0x58, 2, 0, 0, 3, 0, 1, 0] + Self.time), (16, Self.process),
            (40, [4, 3, 0, 0, 1, 0x13, 0, 3]), (48, Array(0..<32)), (80, [0, 0, 32, 0, 0, 0, 48, 0]),
            (88 + 2 * 64, [UInt8](repeating: 0xAB, count: 32)), (88 + 6 * 64, [UInt8](repeating: 0xCD, count: 48)),
            (600, []),
        ])
        #expect(try EventRecord(octets) == .masterSecret(SampleEvents.secrets))
        #expect(SampleEvents.secrets.encoded == octets)
    }

    @Test func shellAndQueries() throws {
        let line = Self.record([
            (0, [61, 0, 0, 0, 4, 0, 1, 0] + Self.time), (16, Self.process),
            (40, [0xE8, 3, 0, 0, 255, 255, 255, 255]), (48, [0, 0, 5, 0]), (56, Array("ls -l".utf8)),
        ])
        let mysqld = Self.record([
            (0, [64, 0, 0, 0, 5, 0, 1, 0] + Self.time), (16, Self.process),
            (40, [44, 1, 0, 0, 8, 0, 0, 0]), (48, [255, 255, 255, 255]), (56, Array("SELECT 1".utf8)),
        ])
        let postgres = Self.record([
            (0, [56, 0, 0, 0, 6, 0, 1, 0] + Self.time), (16, Self.process), (40, [8]), (48, Array("SELECT 2".utf8)),
        ])
        for (octets, index) in [(line, 7), (mysqld, 9), (postgres, 10)] {
            #expect(try EventRecord(octets) == SampleEvents.all[index])
            #expect(SampleEvents.all[index].encoded == octets)
        }
    }

    @Test func packetAndLifecycle() throws {
        let packet = Self.record([
            (0, [116, 0, 0, 0, 9, 0, 1, 0] + Self.time), (16, Self.process),
            (40, [2, 0, 0, 0, 60, 0, 0, 0, 0xEA, 5, 0, 0, 1]), (56, [UInt8](repeating: 0xEE, count: 60)),
        ])
        let destroyed = Self.record([(0, [32, 0, 0, 0, 16, 0, 1, 0, 1]), (16, [2]), (24, Self.sock)])
        let closed = [16, 0, 0, 0, 17, 0, 1, 0] + [UInt8](repeating: 255, count: 8)
        for (octets, index) in [(packet, 11), (destroyed, 12), (closed, 13)] {
            #expect(try EventRecord(octets) == SampleEvents.all[index])
            #expect(SampleEvents.all[index].encoded == octets)
        }
    }

    @Test func closedDirection() throws {
        let octets = Self.record([
            (0, [40, 0, 0, 0, 18, 0, 1, 0, 1]), (16, [2, 0, 0, 0, 3]), (24, Self.sock), (32, [255, 255, 255, 255, 1]),
            (40, []),
        ])
        let record = try EventRecord(octets)
        guard case .directionClosed(let event) = record else {
            Issue.record("\(record)")
            return
        }
        #expect(event.time == 1 && event.pid == 2 && event.tid == 3 && event.fd == -1 && event.direction == .sent)
        #expect(record.encoded == octets)
        var wrong = octets
        wrong[36] = 2
        #expect(throws: EventFailure(.directionClosed, .invalidField, at: 0)) { _ = try EventRecord(wrong) }
    }

    @Test func typesGoWhereTheyBelong() {
        let routes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 99].map { RecordType(rawValue: $0).route }
        #expect(
            routes == [
                .eventProcessor, .moduleData, .moduleData, .output, .output, .output, .eventProcessor, .eventProcessor,
                .moduleData, nil, nil, nil,
            ])
    }
}
