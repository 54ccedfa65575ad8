import CaptureTestSupport
import Headers
import PacketTestSupport
import Testing

@Suite struct IPv6ExtensionTests {
    private func chain(_ kinds: [IPProtocol], _ last: IPProtocol, _ payload: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        for (index, kind) in kinds.enumerated() {
            let next = index + 1 < kinds.count ? kinds[index + 1] : last
            let header =
                kind == .fragment
                ? IPv6ExtensionFields.fragment(nextHeader: next, offset: 0, moreFragments: false, identification: 1)
                : IPv6ExtensionFields(nextHeader: next, content: [UInt8](repeating: 0, count: 6 + 8 * index))
            header.emit(into: &out)
        }
        return Packets.ethernet(.ipv6, Packets.ipv6(kinds.first ?? last, out + payload))
    }

    @Test(arguments: UInt64(0)..<40) func anyChainLeadsToTheProtocol(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let known: [IPProtocol] = [.hopByHop, .routing, .fragment, .destinationOptions]
        let kinds = (0..<Int.random(in: 1...6, using: &generator)).map { _ in known.randomElement(using: &generator)! }
        let frame = chain(kinds, .udp, Packets.udp(7, 8))
        let dissection = dissect(frame)
        #expect(FiveTuple(dissection.info) == FiveTuple(Packets.alice6, Packets.bob6, .udp, [7, 8]))
        #expect(dissection.info.fragment == .whole && dissection.stopped == nil)
        expectSensiblePrefixes(frame)
    }

    /// Mobility, HIP, Shim6, ESP, AH and «no next header» are protocols here.
    @Test(arguments: [UInt8(135), 139, 140, 50, 51, 59]) func theseAreProtocols(number: UInt8) {
        let frame = chain([.hopByHop], IPProtocol(rawValue: number), [UInt8](repeating: 0, count: 24))
        #expect(FiveTuple(dissect(frame).info) == FiveTuple(Packets.alice6, Packets.bob6, IPProtocol(rawValue: number)))
    }

    @Test func fragments() {
        func frame(offset: UInt16, more: Bool) -> [UInt8] {
            var out: [UInt8] = []
            IPv6ExtensionFields.fragment(nextHeader: .udp, offset: offset, moreFragments: more, identification: 9)
                .emit(into: &out)
            return Packets.ethernet(.ipv6, Packets.ipv6(.fragment, out + Packets.udp(7, 8)))
        }
        let first = dissect(frame(offset: 0, more: true)).info
        #expect(first.fragment == .first && FiveTuple(first).ports == [7, 8])
        let later = dissect(frame(offset: 185, more: false)).info
        #expect(later.fragment == .later && FiveTuple(later).ports == [0, 0] && later.protocol == .udp)
        #expect(later.marks == .laterFragment)
        #expect(dissect(frame(offset: 0, more: false)).info.fragment == .whole)
    }

    @Test func readsWhatItEmits() throws {
        for count in 0..<30 {
            var octets: [UInt8] = []
            IPv6ExtensionFields(nextHeader: .tcp, content: [UInt8](repeating: 1, count: count)).emit(into: &octets)
            let view = try IPv6ExtensionView(.destinationOptions, octets.span, at: 0)
            #expect(view.headerLength == octets.count && octets.count % 8 == 0 && view.nextHeader == .tcp)
        }
    }

    @Test func chainCutInItsMiddleNamesWhatItPromises() {
        let frame = chain([.routing], IPProtocol(rawValue: 48), [])
        let dissection = dissect(Array(frame.prefix(14 + 40 + 5)), wireLength: frame.count)
        #expect(dissection.info.protocol == IPProtocol(rawValue: 48) && dissection.stopped?.layer == .ipv6Extension)
    }
}
