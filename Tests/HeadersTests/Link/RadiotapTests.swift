import Headers
import PacketTestSupport
import Testing

@Suite struct RadiotapTests {
    private let payload = Packets.snap(.ipv4, Packets.innerIP)

    private func radiotap(present: [UInt8], _ fields: [UInt8]) -> [UInt8] {
        [0, 0, UInt8(4 + present.count + fields.count), 0] + present + fields
    }

    @Test func headerIsSkipped() {
        let frame = radiotap(present: [0, 0, 0, 0], []) + IEEE80211Tests.data(payload)
        expectCarried(frame, .ieee80211Radiotap, path: [.radiotap, .ieee80211, .llc, .snap, .ipv4, .tcp])
    }

    /// The flags stand behind a time stamp aligned to eight octets and behind all present words.
    @Test func flagsAreFound() throws {
        let plain = radiotap(present: [0x02, 0, 0, 0], [0x20])
        #expect(try RadiotapView(plain.span, at: 0).flags == 0x20)
        let timed = radiotap(present: [0x03, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8, 0x30])
        #expect(try RadiotapView(timed.span, at: 0).flags == 0x30)
        let extended = radiotap(present: [0x03, 0, 0, 0x80, 0, 0, 0, 0], [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x10])
        #expect(try RadiotapView(extended.span, at: 0).flags == 0x10)
        #expect(try RadiotapView(radiotap(present: [0x04, 0, 0, 0], [0xFF]).span, at: 0).flags == 0)
    }

    @Test func paddedHeaders() {
        let frame = IEEE80211Tests.data(payload, type: 0x88, extra: [0, 0, 0, 0])
        expectCarried(radiotap(present: [0x02, 0, 0, 0], [0x20]) + frame, .ieee80211Radiotap)
    }

    @Test func lengthBelowTheHeaderIsMalformed() {
        #expect(dissect([0, 0, 7, 0, 0, 0, 0, 0, 0, 0], .ieee80211Radiotap).outcome == .malformed)
    }
}
