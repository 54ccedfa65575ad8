import Outputs
import Testing

@Suite struct ExportAddressTests {
    @Test(arguments: [
        ("ipfix://127.0.0.1:9995", ExportAddress.Transport.udp, "127.0.0.1", 9995, "ipfix://127.0.0.1:9995"),
        ("ipfix://collector", .udp, "collector", 4739, "ipfix://collector:4739"),
        ("ipfix+udp://c:1", .udp, "c", 1, "ipfix://c:1"),
        ("ipfix+tcp://[2001:db8::1]:65535", .tcp, "2001:db8::1", 65535, "ipfix+tcp://[2001:db8::1]:65535"),
        ("ipfix+tcp://[::1]", .tcp, "::1", 4739, "ipfix+tcp://[::1]:4739"),
    ])
    func addressesAreRead(
        text: String, transport: ExportAddress.Transport, host: String, port: UInt16, again: String
    ) throws {
        let address = try #require(ExportAddress(text))
        #expect(address.transport == transport && address.host == host && address.port == port)
        #expect(address.description == again)
        #expect(ExportAddress(again) == address)
    }

    @Test(arguments: [
        "", "127.0.0.1:9995", "ipfix:/host", "ipfix://", "ipfix://:1", "ipfix://host:0", "ipfix://host:65536",
        "ipfix://host:x", "ipfix://host:", "ipfix://[::1", "ipfix://[::1]x", "ipfix://ho st", "ipfix://host/path",
        "tcp://host", "IPFIX+SCTP://host",
    ])
    func othersAreRefused(text: String) {
        #expect(ExportAddress(text) == nil)
    }
}
