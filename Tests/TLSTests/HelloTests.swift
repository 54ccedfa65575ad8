import Events
import TLSTestSupport
import Testing

@testable import TLS

struct HelloTests {
    private static var hello: [UInt8] {
        var conversation = TLSConversation(.tls13, suite: 0x1301)
        conversation.handshake(serverName: "host.example", early: [1])
        return Array(conversation.pieces[0].octets.dropFirst(9))
    }

    @Test func everyFieldIsRead() throws {
        let hello = try ClientHello(Self.hello.span)
        #expect(hello.legacyVersion == .tls12 && hello.supportedVersions == [.tls13])
        #expect(hello.random.count == 32 && hello.sessionID.isEmpty)
        #expect(hello.cipherSuites.map(\.description) == ["TLS_AES_128_GCM_SHA256"])
        #expect(hello.serverName.map { String(decoding: $0, as: UTF8.self) } == "host.example")
        #expect(hello.applicationProtocols == [[0x68, 0x32]])
        #expect(hello.supportedGroups == [29] && hello.signatureAlgorithms == [0x0403] && hello.offersEarlyData)
        #expect(hello.extensions.map(\.rawValue) == [0, 16, 10, 13, 43, 42] && hello.stopped == nil)
    }

    @Test func everyShorterPrefixGivesWhatIsWhole() {
        let octets = Self.hello
        for count in 0..<octets.count {
            let hello = try? ClientHello(octets.span.extracting(0..<count))
            #expect((hello == nil) == (count < 34), "\(count) octets")
            // A hello may end before the extensions.
            if let hello, count != 41 { #expect(hello.stopped != nil) }
        }
    }

    @Test func aRetryRequestIsNoAnswer() throws {
        let retry: [UInt8] = [3, 3] + ServerHello.retryRandom + [0, 0x13, 1, 0]
        #expect(try ServerHello(retry.span).isRetryRequest)
        let workspace = TLSWorkspace(ToyCryptography())
        let connection = TLSConnection(workspace)
        var sink = CollectingTLSSink()
        let record = TLSConversation.message(2, retry)
        let octets = [22, 3, 3, 0, UInt8(record.count)] + record
        connection.receive(octets.span, .received, to: &sink)
        #expect(connection.serverHello == nil)
    }

    @Test func theSubjectIsThatOfTheFirstCertificate() throws {
        func element(_ tag: UInt8, _ value: [UInt8]) -> [UInt8] { [tag, UInt8(value.count)] + value }
        func name(_ type: UInt8, _ text: String) -> [UInt8] {
            element(0x31, element(0x30, element(0x06, [0x55, 4, type]) + element(0x0C, Array(text.utf8))))
        }
        let empty = element(0x30, [])
        let subject = element(0x30, name(6, "CH") + name(3, "a, b"))
        let fields = element(0xA0, [2, 1, 2]) + element(0x02, [1]) + empty + empty + empty + subject
        let certificate = element(0x30, element(0x30, fields))
        let one = [0, 0, UInt8(certificate.count)] + certificate
        let body = [0, 0, UInt8(one.count)] + one
        #expect(try CertificateSubject.first(in: body.span, is13: false) == "CN=a\\, b,C=CH")
        let with13 = [0] + [0, 0, UInt8(one.count + 2)] + one + [0, 0]
        #expect(try CertificateSubject.first(in: with13.span, is13: true) == "CN=a\\, b,C=CH")
        for count in 0..<body.count {
            #expect(throws: TLSFailure.self) {
                _ = try CertificateSubject.first(in: body.span.extracting(0..<count), is13: false)
            }
        }
    }

    @Test func summariesSurviveTheirEncoding() {
        var summary = TLSSummary()
        summary.version = .tls13
        summary.serverName = "é.example"
        summary.offeredProtocols = ["h2", "http/1.1"]
        summary.cipherSuite = CipherSuite(rawValue: 0x1301)
        summary.ja3 = "x"
        summary.undecryptedOctets = 1 << 40
        summary.cause = .noKey
        #expect(TLSSummary(encoded: summary.encoded.span) == summary)
    }

    @Test(arguments: [
        ([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3], TLSDetection.yes), ([22, 3, 1], .needMore), ([], .needMore),
        ([22, 3, 1, 2, 0, 16, 0, 1, 252, 3, 3], .no), ([0x47, 0x45, 0x54], .no), ([23, 3, 3, 0, 30], .yes),
        ([23, 3, 3, 0, 3], .no), ([23, 3, 3, 255, 255], .no), ([22, 9], .no),
    ])
    func theFirstOctetsTell(octets: [UInt8], detection: TLSDetection) {
        #expect(TLSDetection.detect(octets.span) == detection)
    }
}
