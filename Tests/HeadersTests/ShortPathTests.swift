import CaptureTestSupport
import Headers
import PacketTestSupport
import Testing

/// The shortest way says what the general one says of the same frame.
@Suite struct ShortPathTests {
    /// What is taken of a frame, as `FrameDecoder` asks for it.
    private static func take(_ frame: [UInt8]) -> ShortPath? {
        guard frame.count >= ShortPath.ipv4Octets else { return nil }
        switch UInt16(frame[13]) << 8 | UInt16(frame[12]) {
        case ShortPath.ipv4Type: return ShortPath.ipv4(frame.span.extracting(first: ShortPath.ipv4Octets))
        case ShortPath.ipv6Type where frame.count >= ShortPath.ipv6Octets:
            return ShortPath.ipv6(frame.span.extracting(first: ShortPath.ipv6Octets))
        default: return nil
        }
    }

    /// Whether it was taken; if so, it says what the dissector does.
    private static func check(_ frame: [UInt8]) -> Bool {
        guard let short = take(frame) else { return false }
        let dissection = dissect(frame)
        let info = dissection.info
        #expect(dissection.outcome == .flow && info.marks.isEmpty && info.fragment == .whole && info.vlan == 0)
        #expect(short.ports == UInt32(info.sourcePort) << 16 | UInt32(info.destinationPort), "\(frame)")
        #expect(short.protocol == info.protocol.rawValue, "\(frame)")
        #expect(short.tcpFlags == info.tcpFlags.rawValue, "\(frame)")
        var path = LayerPath()
        path.append(.ethernet)
        path.append(info.source.family == .v4 ? .ipv4 : .ipv6)
        path.append(info.protocol == .tcp ? .tcp : .udp)
        #expect(dissection.path == path, "\(frame)")
        // Keys take the addresses from where they lie when nothing stands before them.
        let start = info.source.family == .v4 ? 26 : 22
        let addresses = info.source.family == .v4 ? 8 : 32
        var words: [UInt64] = []
        for at in stride(from: start, to: start + addresses, by: 8) {
            words.append(frame[at..<at + 8].reduce(0) { $0 << 8 | UInt64($1) })
        }
        let expected =
            info.source.family == .v4
            ? [info.source.low << 32 | info.destination.low]
            : [info.source.high, info.source.low, info.destination.high, info.destination.low]
        #expect(words == expected)
        return true
    }

    @Test(arguments: UInt64(0)..<30) func agreesWithTheDissector(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var taken = 0
        for _ in 0..<400 where Self.check(Self.frame(&generator)) { taken += 1 }
        #expect(taken > 50)
    }

    /// Of each plain frame and each of its octets: every value, and every length.
    @Test func agreesWhereverAnOctetDiffers() {
        let payload = [UInt8](repeating: 7, count: 20)
        for plain in [
            Packets.ethernet(.ipv4, Packets.ipv4(.tcp, Packets.tcp(1, 2) + payload)),
            Packets.ethernet(.ipv4, Packets.ipv4(.udp, Packets.udp(1, 2, payload))),
            Packets.ethernet(.ipv6, Packets.ipv6(.tcp, Packets.tcp(1, 2) + payload)),
            Packets.ethernet(.ipv6, Packets.ipv6(.udp, Packets.udp(1, 2, payload))),
        ] {
            #expect(Self.check(plain))
            var frame = plain
            for at in 12..<min(plain.count, ShortPath.ipv6Octets) {
                for value in UInt8.min...UInt8.max {
                    frame[at] = value
                    _ = Self.check(frame)
                }
                frame[at] = plain[at]
            }
            for count in 0...plain.count { _ = Self.check(Array(plain.prefix(count))) }
        }
    }

    @Test func leavesTunnelsToTheDissector() {
        for port: UInt16 in [1701, 2152, 3544, 4341, 4754, 4789, 4790, 5247, 6081, 6635] {
            for segment in [Packets.udp(port, 9, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Packets.udp(9, port, [])] {
                let padding = [UInt8](repeating: 0, count: 20)
                #expect(!Self.check(Packets.ethernet(.ipv4, Packets.ipv4(.udp, segment)) + padding))
            }
        }
    }

    private static func frame(_ generator: inout SeededGenerator) -> [UInt8] {
        let payload = [UInt8](repeating: 0, count: .random(in: 0..<40, using: &generator))
        let port = UInt16.random(in: 1_690..<6_650, using: &generator)
        let transports: [(IPProtocol, [UInt8])] = [
            (.tcp, Packets.tcp(.any(&generator), .any(&generator)) + payload),
            (.udp, Packets.udp(.any(&generator), .any(&generator), payload)),
            (.udp, Packets.udp(port, .any(&generator), payload)), (.icmp, Packets.echoRequest()),
        ]
        let (number, segment) = transports.randomElement(using: &generator)!
        let isV6 = Bool.random(using: &generator)
        let packet = isV6 ? Packets.ipv6(number, segment) : Packets.ipv4(number, segment)
        var frame = Packets.ethernet(isV6 ? .ipv6 : .ipv4, packet)
        if Bool.random(using: &generator) {
            frame[.random(in: 12..<frame.count, using: &generator)] = .any(&generator)
        }
        if Int.random(in: 0..<3, using: &generator) == 0 {
            frame.removeLast(.random(in: 0..<frame.count, using: &generator))
        }
        return frame
    }
}
