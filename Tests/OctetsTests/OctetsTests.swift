import Octets
import Testing

@Suite struct OctetsTests {
    @Test func readsBothByteOrders() {
        let octets: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        #expect(octets.span.bigEndian16(at: 1) == 0x0203)
        #expect(octets.span.bigEndian32(at: 2) == 0x0304_0506)
        #expect(octets.span.bigEndian64(at: 0) == 0x0102_0304_0506_0708)
        #expect(octets.span.littleEndian16(at: 1) == 0x0302)
        #expect(octets.span.littleEndian32(at: 2) == 0x0605_0403)
        #expect(octets.span.littleEndian64(at: 0) == 0x0807_0605_0403_0201)
    }

    @Test func appendsBothByteOrders() {
        var octets: [UInt8] = []
        octets.appendBigEndian(UInt16(0x0102))
        octets.appendLittleEndian(UInt32(0x0102_0304))
        octets.appendBigEndian(UInt64(0x0506))
        #expect(octets == [1, 2, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 5, 6])
    }

    /// The worked example of RFC 1071 § 3, whole and cut at every position.
    @Test(arguments: 0...8) func checksumIsIndependentOfTheCut(cut: Int) {
        let octets: [UInt8] = [0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7]
        var checksum = InternetChecksum()
        checksum.add(octets.span.extracting(0..<cut))
        checksum.add(octets.span.extracting(cut..<8))
        #expect(checksum.value == ~UInt16(0xDDF2))
    }

    @Test(arguments: [0, 9, 10, 99, 1_000_000, UInt64.max]) func printsDecimals(value: UInt64) {
        var text: [UInt8] = []
        text.append(decimal: value)
        #expect(String(decoding: text, as: UTF8.self) == "\(value)")
    }

    @Test func printsTheMostNegativeNumber() {
        var text: [UInt8] = []
        text.append(decimal: Int64.min)
        #expect(String(decoding: text, as: UTF8.self) == "-9223372036854775808")
    }
}
