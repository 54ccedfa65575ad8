import AppProtocols
import Events
import Testing

struct HTTP1DetectionTests {
    private func detect(_ octets: [UInt8]) -> Detection { HTTP1Parser.detect(octets.span, .sent) }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "OPTIONS * HTTP/1.0\n", "M-SEARCH * HTTP/1.1\r\nHost", "HTTP/1.1 200 OK\r\n",
        "HTTP/1.0 404", "BASELINE-CONTROL /x HTTP/1.1\r\n", "\r\nGET / HTTP/1.1\r\n", "\n\nHTTP/1.1 200 OK\r\n",
    ])
    func messagesAreKnown(text: String) { #expect(detect(Array(text.utf8)) == .yes) }

    @Test(arguments: [
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "EHLO example.com\r\n", "get key\r\n", " GET / HTTP/1.1\r\n", "GET\r\n",
        "GET  HTTP/1.1\r\n", "GET / HTTP/1.1x\r\n", "HTTP/x.1 200 OK\r\n", "HTTP/1.1  200\r\n", "{\"a\": 1}",
        "TWENTYFIVECHARACTERSLONGX / HTTP/1.1\r\n", "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n", "\r\nEHLO x\r\n",
    ])
    func otherTextIsNot(text: String) { #expect(detect(Array(text.utf8)) == .no) }

    @Test(
        arguments: [
            [0x15, 0, 0, 0, 3, 0x53], [0x16, 3, 1, 0xFF], [0, 0, 0, 4, 0], [0x47, 0x45, 0x54, 0x20, 0x2F, 0],
        ] as [[UInt8]])
    func binaryIsRefusedAtItsFirstOctetThatCannotBe(octets: [UInt8]) { #expect(detect(octets) == .no) }

    @Test(arguments: ["GET /long/target HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", "\r\nGET / HTTP/1.1\r\n"])
    func everyShorterPrefixAsksForMoreOrKnows(text: String) {
        let octets = Array(text.utf8)
        var isKnown = false
        for count in 1...octets.count {
            let detection = detect(Array(octets.prefix(count)))
            #expect(detection == .yes || (detection == .needMore && !isKnown))
            if detection == .yes { isKnown = true }
        }
        #expect(isKnown)
    }

    @Test func endlessTextIsRefusedInTheEnd() {
        #expect(detect(Array("GET /".utf8) + [UInt8](repeating: 0x61, count: 20_000)) == .no)
    }
}
