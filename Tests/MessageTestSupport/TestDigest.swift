import AppProtocols

/// A digest of 32 octets without libraries: four FNV-1a sums that start apart. Not for secrets.
public struct TestBodyTools: BodyTools {
    public init() {}
    public func makeDecoder(_ coding: ContentCoding) -> (any BodyDecoder)? { nil }
    public func makeDigest() -> any BodyDigest { TestDigest() }
}

final class TestDigest: BodyDigest {
    private var sums: [UInt64] = [0xCBF2_9CE4_8422_2325, 1, 2, 3]

    func update(_ octets: Span<UInt8>) {
        for index in octets.indices {
            for lane in sums.indices { sums[lane] = (sums[lane] ^ UInt64(octets[index])) &* 0x100_0000_01B3 }
        }
    }

    func finish() -> [UInt8] {
        sums.flatMap { sum in (0..<8).map { UInt8(truncatingIfNeeded: sum >> UInt64(8 * $0)) } }
    }
}
