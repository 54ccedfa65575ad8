import Headers
import PacketTestSupport
import Testing

/// Headers that a capturing system puts before the frame: PPI, packet filter logs, packet taps.
@Suite struct CaptureHeaderTests {
    @Test func ppiNamesTheFramesLinkType() {
        let header: [UInt8] = [0, 0, 12, 0, 1, 0, 0, 0, 9, 9, 9, 9]
        expectCarried(header + Packets.innerFrame, .ppi, path: [.ppi, .ethernet, .ipv4, .tcp])
        #expect(dissect([0, 0, 7, 0, 1, 0, 0, 0] + Packets.innerFrame, .ppi).outcome == .malformed)
        #expect(dissect([0, 0, 8, 0, 0, 0, 1, 0] + Packets.innerFrame, .ppi).outcome == .notIP)
    }

    @Test func pflogIsPaddedToFour() {
        let header = [61, 2, 0, 0] + [UInt8](repeating: 0, count: 60)
        expectCarried(header + Packets.innerIP, .pflog, path: [.pflog, .ipv4, .tcp])
    }

    @Test func nflogAttributesAreSearched() {
        let mark: [UInt8] = [5, 0, 3, 0, 1, 0, 0, 0]
        let payload = [UInt8(Packets.innerIP.count + 4), 0, 9, 0] + Packets.innerIP
        let frame = [2, 0, 0, 0] + mark + payload
        #expect(FiveTuple(dissect(frame, .nflog).info) == .inner)
        #expect(dissect([2, 0, 0, 0] + mark, .nflog).outcome == .notIP)
        #expect(dissect([2, 0, 0, 0, 3, 0, 1, 0], .nflog).outcome == .malformed)
    }

    @Test func pktapNamesTheFramesLinkType() {
        let header: [UInt8] = [16, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
        expectCarried(header + Packets.innerFrame, .pktap, path: [.pktap, .ethernet, .ipv4, .tcp])
        #expect(dissect([11, 0, 0, 0] + header.dropFirst(4), .pktap).outcome == .malformed)
    }
}
