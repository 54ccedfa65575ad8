import Octets
import Testing

@testable import AppProtocols

struct HTTP2DetectionTests {
    private func detect(_ octets: [UInt8]) -> Detection { HTTP2Parser.detect(octets.span, .sent) }

    @Test func prefaceIsRecognisedWholeAndWaitedFor() {
        for count in 1..<24 { #expect(detect(Array(HTTP2Frame.preface[..<count])) == .needMore) }
        #expect(detect(HTTP2Frame.preface) == .yes)
        #expect(detect(HTTP2Frame.preface + HTTP2Frame.settings()) == .yes)
        #expect(detect(Array("POST / HTTP/1.1\r\n".utf8)) == .no)
        #expect(detect(Array("PRI * HTTP/1.1\r\n".utf8)) == .no)
    }

    @Test func serversFirstFrameIsRecognised() {
        let settings = HTTP2Frame.settings([(3, 100), (4, 1 << 20), (0x2A5A & 0xFAFA | 0x0A0A, 7)])
        for count in 1..<settings.count { #expect(detect(Array(settings[..<count])) == .needMore) }
        #expect(detect(settings) == .yes)
        // Without settings the nine octets say too little.
        let empty = HTTP2Frame.settings([])
        #expect(detect(empty) == .needMore)
        #expect(detect(empty + HTTP2Frame.settingsACK) == .yes)
        #expect(detect(empty + [0, 0, 0, 4, 0, 0, 0, 0, 9]) == .no)
        #expect(detect(HTTP2Frame.settings([(2, 7)])) == .no)
        #expect(detect(HTTP2Frame.settings([(0x4141, 7)])) == .no)
    }

    /// Case 32: a request alone, without what came before it.
    @Test func framesMidwayAreRecognised() {
        let request: [UInt8] = [0, 0, 8, 1, 5, 0, 0, 0, 3, 0x82, 0x87, 0xC0, 0x45, 0x02, 0x2F, 0x62, 0xBF]
        for count in 1..<request.count { #expect(detect(Array(request[..<count])) == .needMore) }
        #expect(detect(request) == .yes)
        #expect(detect(HTTP2Frame.frame(8, [0, 0, 0x10, 0])) == .yes)
        #expect(detect(HTTP2Frame.frame(6, [1, 2, 3, 4, 5, 6, 7, 8])) == .yes)
        #expect(detect(HTTP2Frame.reset(5, 8)) == .yes)
        let data = HTTP2Frame.data(5, "some text of a body")
        #expect(detect(data) == .needMore)
        #expect(detect(data + HTTP2Frame.data(7, "x")) == .yes)
        #expect(detect(data + Array("and so on, no frame".utf8)) == .no)
    }

    /// Case 42, and other protocols whose first octets look like a length.
    @Test(arguments: OtherProtocol.all)
    func otherProtocolsAreNotTaken(sample: OtherProtocol) {
        #expect(detect(sample.octets) == .no, "\(sample.name)")
        for count in 1...sample.octets.count { #expect(detect(Array(sample.octets[..<count])) != .yes) }
    }

    struct OtherProtocol: Sendable, CustomStringConvertible {
        var name: String
        var octets: [UInt8]
        var description: String { name }

        static let all: [OtherProtocol] = [
            .init("MySQL query", [0x15, 0, 0, 0, 3] + Array("SELECT secret FROM t".utf8)),
            .init("MySQL query of 256 octets", [0, 1, 0, 0, 3] + Array("SELECT a, b, c, d FROM t WHERE".utf8)),
            .init("MySQL greeting", [0x4A, 0, 0, 0, 0x0A] + Array("8.0.36".utf8) + [0, 8, 0, 0, 0]),
            .init("MySQL OK", [7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]),
            .init("MySQL result set", [1, 0, 0, 1, 1, 0x1E, 0, 0, 2, 3] + Array("def".utf8)),
            .init("PostgreSQL start", [0, 0, 0, 0x29, 0, 3, 0, 0] + Array("user\0postgres\0".utf8)),
            .init("PostgreSQL short start", [0, 0, 0, 9, 0, 3, 0, 0, 0]),
            .init("PostgreSQL TLS request", [0, 0, 0, 8, 4, 0xD2, 0x16, 0x2F]),
            .init("PostgreSQL cancel", [0, 0, 0, 16, 4, 0xD2, 0x16, 0x2E, 0, 0, 1, 2, 9, 9, 9, 9]),
            .init("PostgreSQL query", [0x51, 0, 0, 0, 0x0E] + Array("SELECT 1\0".utf8)),
            .init("AMQP 0-9-1", Array("AMQP".utf8) + [0, 0, 9, 1]),
            .init("AMQP 1.0 frame", [0, 0, 0, 0x1A, 2, 0, 0, 0, 0, 0x53, 0x10]),
            .init("AMQP method", [1, 0, 0, 0, 0, 0, 0x10, 0, 10, 0, 11]),
            .init("AMQP heartbeat", [8, 0, 0, 0, 0, 0, 0, 0xCE, 0]),
            .init("Kafka", [0, 0, 0, 0x1E, 0, 3, 0, 9, 0, 0, 0, 1, 0, 4] + Array("prod".utf8)),
            .init("Kafka of 256 octets", [0, 0, 1, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 4] + Array("prod".utf8)),
            .init("DNS", [0, 0x1D, 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3] + Array("www".utf8)),
            .init("DNS, identifier ends in 0", [0, 0x0D, 0x12, 0, 1, 0, 0, 1, 0] + [UInt8](repeating: 0, count: 3400)),
            .init("TLS", [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3]),
            .init("zeros", [UInt8](repeating: 0, count: 64)),
            .init("ones", [UInt8](repeating: 1, count: 64)),
            .init("length-prefixed numbers", [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 4]),
            .init("SSH", Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)),
            .init("Redis", Array("*1\r\n$4\r\nPING\r\n".utf8)),
            .init("MongoDB", [0x3A, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xDD, 7, 0, 0]),
            .init("Thrift framed", [0, 0, 0, 0x1B, 0x80, 1, 0, 1, 0, 0, 0, 4]),
            .init("SMB", [0, 0, 0, 0x55, 0xFF, 0x53, 0x4D, 0x42, 0x72]),
            .init("LDAP", [0x30, 0x0C, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0]),
            .init("RTP over TCP", [0x24, 0, 0, 0x20, 0x80, 0x60, 0, 1]),
        ]

        init(_ name: String, _ octets: [UInt8]) {
            self.name = name
            self.octets = octets
        }
    }

    @Test func noiseIsNotTaken() {
        var random = SeededRandom(42)
        for _ in 0..<50_000 {
            var octets = (0..<40).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            // Small numbers and zeros are what binary protocols are made of.
            for index in octets.indices where random.next(below: 3) == 0 {
                octets[index] = UInt8(random.next(below: 5))
            }
            octets[0] = 0
            #expect(detect(octets) != .yes)
        }
    }
}
