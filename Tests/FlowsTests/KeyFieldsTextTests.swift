import Flows
import Testing

@Suite struct KeyFieldsTextTests {
    @Test(arguments: [
        ("SrcIP,DstIP,SrcPort,DstPort,Protocol", KeyFields.fiveTuple),
        ("5tuple", .fiveTuple),
        ("five-tuple", .fiveTuple),
        ("FiveTuple", .fiveTuple),
        ("protocol, dst_port ,src_port,dst_ip,src_ip", .fiveTuple),
        ("SrcIP", KeyFields(source: .whole)),
        ("SrcIP/24", KeyFields(source: AddressPrefix(v4: 24, v6: 24))),
        ("DstIP/48", KeyFields(destination: AddressPrefix(v4: 32, v6: 48))),
        ("SrcIP/24/48", KeyFields(source: AddressPrefix(v4: 24, v6: 48))),
        ("srcip/0", KeyFields(source: AddressPrefix(v4: 0, v6: 0))),
        ("DstIP/128", KeyFields(destination: .whole)),
        ("SrcIP/32/128", KeyFields(source: .whole)),
        ("vlan", KeyFields(vlan: true)),
        (
            "VLAN,5tuple",
            KeyFields(
                source: .whole, destination: .whole, sourcePort: true, destinationPort: true, protocol: true, vlan: true
            )
        ),
    ]) func parses(text: String, fields: KeyFields) throws {
        #expect(try KeyFields(parsing: text) == fields)
    }

    @Test(arguments: [
        ("5tuple", "SrcIP,DstIP,SrcPort,DstPort,Protocol"), ("dstip/48,srcip/24/48", "SrcIP/24/48,DstIP/48"),
        ("SRCIP/24/128", "SrcIP/24/128"), ("vlan,src_port", "SrcPort,VLAN"),
    ]) func printsTheCanonicalText(text: String, canonical: String) throws {
        #expect(try KeyFields(parsing: text).description == canonical)
    }

    /// Every combination of fields and a spread of prefixes survives printing.
    @Test func printingAndParsingAreInverse() throws {
        let prefixes: [AddressPrefix?] =
            [nil, .whole]
            + [0, 1, 24, 31, 32].flatMap { (v4: UInt8) in
                [0, 1, 24, 32, 33, 48, 127, 128].map { AddressPrefix(v4: v4, v6: $0) }
            }
        for bits in 1..<16 {
            for source in prefixes {
                let fields = KeyFields(
                    source: source, destination: prefixes[bits], sourcePort: bits & 1 != 0,
                    destinationPort: bits & 2 != 0,
                    protocol: bits & 4 != 0, vlan: bits & 8 != 0)
                #expect(try KeyFields(parsing: fields.description) == fields)
            }
        }
    }

    @Test(arguments: [
        ("", "a key needs at least one field, such as SrcIP"),
        ("  ", "a key needs at least one field, such as SrcIP"),
        ("SrcIP,", "a key field is missing between two commas or at an end"),
        (
            "ScrIP",
            """
            "ScrIP" is not a key field (did you mean SrcIP?); \
            the fields are SrcIP, DstIP, SrcPort, DstPort, Protocol, VLAN
            """
        ),
        (
            "DstPrt/3",
            """
            "DstPrt/3" is not a key field (did you mean DstPort?); \
            the fields are SrcIP, DstIP, SrcPort, DstPort, Protocol, VLAN
            """
        ),
        (
            "4tuple",
            """
            "4tuple" is not a key field (did you mean 5tuple?); \
            the fields are SrcIP, DstIP, SrcPort, DstPort, Protocol, VLAN
            """
        ),
        ("banana", "\"banana\" is not a key field; the fields are SrcIP, DstIP, SrcPort, DstPort, Protocol, VLAN"),
        ("SrcIP,src_ip/24", "\"src_ip/24\" names a field that the key has already"),
        ("SrcPort/8", "\"SrcPort/8\": only SrcIP and DstIP take a prefix length"),
        ("5tuple/8", "\"5tuple/8\": only SrcIP and DstIP take a prefix length"),
        (
            "SrcIP/129",
            """
            "SrcIP/129": a prefix length is 0 to 128; write SrcIP/24 for both families \
            or SrcIP/24/48 for IPv4 and IPv6
            """
        ),
        (
            "SrcIP/33/48",
            """
            "SrcIP/33/48": a prefix length is 0 to 32; write SrcIP/24 for both families \
            or SrcIP/24/48 for IPv4 and IPv6
            """
        ),
        (
            "SrcIP/+4",
            """
            "SrcIP/+4": a prefix length is 0 to 128; write SrcIP/24 for both families \
            or SrcIP/24/48 for IPv4 and IPv6
            """
        ),
        (
            "SrcIP/1/2/3",
            """
            "SrcIP/1/2/3": a prefix length is 0 to 128; write SrcIP/24 for both families \
            or SrcIP/24/48 for IPv4 and IPv6
            """
        ),
    ]) func saysWhatIsWrong(text: String, message: String) {
        #expect { _ = try KeyFields(parsing: text) } throws: { "\($0)" == message }
    }

    @Test(arguments: ["5tuple", "SrcIP/24,DstIP/24", "SrcPort,DstPort,VLAN", "Protocol"])
    func acceptsSymmetricKeys(text: String) throws {
        try KeyFields(parsing: text).requireSymmetry()
    }

    @Test(arguments: [
        ("SrcIP", "a bidirectional key needs both ends: SrcIP is there, its partner is not"),
        ("SrcIP,DstIP,DstPort", "a bidirectional key needs both ends: DstPort is there, its partner is not"),
        ("SrcIP/24,DstIP/16", "a bidirectional key needs equal prefixes at both ends: SrcIP/24 is not DstIP/16"),
    ]) func refusesAsymmetricKeys(text: String, message: String) throws {
        let fields = try KeyFields(parsing: text)
        #expect { try fields.requireSymmetry() } throws: { "\($0)" == message }
    }
}
