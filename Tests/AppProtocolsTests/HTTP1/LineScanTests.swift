import Testing

@testable import AppProtocols

struct LineScanTests {
    /// As looking at each octet finds it, whatever stands behind and before.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func tokensEndWhereTheFirstOtherOctetStands(seed: UInt64) {
        var random = SeededRandom(seed)
        let names = Array("Content-Length-x_9!~".utf8)
        for _ in 0..<2_000 {
            var octets = (0..<random.next(below: 40)).map { _ in names[random.next(below: names.count)] }
            for _ in 0..<random.next(below: 3) where !octets.isEmpty {
                octets[random.next(below: octets.count)] = UInt8(random.next(below: 256))
            }
            let start = random.next(below: octets.count + 1)
            let end = start + random.next(below: octets.count - start + 1)
            let expected = (start..<end).first { !LineScan.isToken(octets[$0]) } ?? end
            let found = LineScan.endOfToken(octets.span, from: start, to: end)
            #expect(found == expected)
        }
    }

    @Test(arguments: [0x20, 0x21] as [UInt8])
    func controlsAreFoundBelowALimit(limit: UInt8) {
        var random = SeededRandom(UInt64(limit))
        for _ in 0..<2_000 {
            let octets = (0..<random.next(below: 30)).map { _ in
                random.next(below: 12) == 0 ? UInt8(random.next(below: 256)) : UInt8(0x1E + random.next(below: 90))
            }
            let start = random.next(below: octets.count + 1)
            let expected = (start..<octets.count).first { octets[$0] < limit } ?? octets.count
            let found = LineScan.control(octets.span, from: start, below: limit)
            #expect(found == expected)
        }
    }
}
