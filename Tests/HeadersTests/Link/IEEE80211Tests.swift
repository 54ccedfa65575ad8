import Headers
import PacketTestSupport
import Testing

@Suite struct IEEE80211Tests {
    /// A data frame from a station to its access point.
    static func data(
        _ payload: [UInt8], type: UInt8 = 0x08, flags: UInt8 = 0x01, sequence: UInt8 = 0, extra: [UInt8] = []
    ) -> [UInt8] {
        [type, flags, 0, 0] + [UInt8](repeating: 2, count: 18) + [sequence, 0] + extra + payload
    }

    private let payload = Packets.snap(.ipv4, Packets.innerIP)

    @Test func dataFramesCarryIP() {
        expectCarried(Self.data(payload), .ieee80211, path: [.ieee80211, .llc, .snap, .ipv4, .tcp])
    }

    @Test func longerHeaders() {
        let address4 = [UInt8](repeating: 2, count: 6)
        expectCarried(Self.data(payload, type: 0x88, extra: [0, 0]), .ieee80211)
        expectCarried(Self.data(payload, flags: 0x03, extra: address4), .ieee80211)
        expectCarried(Self.data(payload, type: 0x88, flags: 0x03, extra: address4 + [0, 0]), .ieee80211)
        expectCarried(Self.data(payload, type: 0x88, flags: 0x81, extra: [0, 0, 0, 0, 0, 0]), .ieee80211)
    }

    @Test func firstFrameOfAnAggregate() {
        let subframe = [UInt8](repeating: 2, count: 12) + Packets.octets(UInt16(payload.count)) + payload
        expectCarried(Self.data(subframe + subframe, type: 0x88, extra: [0x80, 0]), .ieee80211)
    }

    @Test func framesWithoutReadableDataCarryNoIP() {
        #expect(dissect(Self.data(payload, flags: 0x41), .ieee80211).outcome == .notIP)
        #expect(dissect(Self.data(payload, type: 0x48), .ieee80211).outcome == .notIP)
        #expect(dissect(Self.data(payload, type: 0x80), .ieee80211).outcome == .notIP)
        #expect(dissect(Self.data(payload, type: 0xB4), .ieee80211).outcome == .notIP)
        #expect(dissect(Self.data(payload, sequence: 1), .ieee80211).outcome == .notIP)
    }
}
