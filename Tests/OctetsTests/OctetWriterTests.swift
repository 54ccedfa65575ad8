import Octets
import Testing

@Suite struct OctetWriterTests {
    /// Every power of ten, its neighbours, and the powers of two: all branches of the arithmetic, every length.
    @Test func decimalsEqualTheStandardLibrarys() {
        var values: [UInt64] = [0, .max]
        var power: UInt64 = 1
        while power < 10_000_000_000_000_000_000 {
            values += [power - 1, power, power + 1, power * 9]
            power *= 10
        }
        values += (0..<64).map { 1 << $0 }
        for value in values {
            var buffer = OctetBuffer()
            buffer.append(decimal: value)
            #expect(buffer.description == "\(value)")
        }
    }

    /// The lane arithmetic is exact for every four-digit half, so every pair of neighbouring digits is tried.
    @Test func everyNumberOfFiveDigitsPrintsAsItself() {
        var buffer = OctetBuffer(capacity: 64)
        var wrong = 0
        for value in 0..<100_000 {
            buffer.removeAll()
            buffer.append(decimal: UInt64(value) * 1000 + 7)
            if buffer.description != "\(value * 1000 + 7)" { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    @Test func signedDecimals() {
        for value in [Int64.min, -1, 0, 1, .max] {
            var buffer = OctetBuffer()
            buffer.append(decimal: value)
            #expect(buffer.description == "\(value)")
        }
    }

    @Test func everyHexadecimalNumberPrintsAsItself() {
        var buffer = OctetBuffer(capacity: 64)
        var wrong = 0
        for value in UInt16.min...UInt16.max {
            buffer.removeAll()
            buffer.write(atMost: 4) { $0.append(hexadecimal: value) }
            if buffer.description != String(value, radix: 16) { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    @Test func everyOctetOfADottedQuad() {
        for value in UInt32(0)...255 {
            var buffer = OctetBuffer()
            buffer.write(atMost: 15) { $0.append(dottedQuad: value << 24 | (255 - value) << 16 | 7 << 8 | value) }
            #expect(buffer.description == "\(value).\(255 - value).7.\(value)")
        }
    }

    @Test(arguments: 0...25) func piecesOfEveryLengthAreWrittenWhole(length: Int) {
        let octets = (0..<length).map { UInt8($0 + 1) }
        var buffer = OctetBuffer()
        let piece = OctetPiece(octets)
        buffer.write(atMost: 2 * length) {
            $0.append(piece)
            $0.append(piece)
        }
        #expect([UInt8](buffer) == octets + octets)
    }

    @Test func bigEndianNumbers() {
        var buffer = OctetBuffer()
        buffer.write(atMost: 14) {
            $0.append(bigEndian: UInt16(0x0102))
            $0.append(bigEndian: UInt32(0x0304_0506))
            $0.append(bigEndian: UInt64(0x0708_090A_0B0C_0D0E))
            $0.replace(at: 0, bigEndian: 0xFFFE)
        }
        #expect([UInt8](buffer) == [0xFF, 0xFE] + Array(3...14))
    }

    @Test func aBufferKeepsWhatWasWrittenWhileItGrows() {
        var buffer = OctetBuffer()
        for index in 0..<1000 { buffer.append("\(index),") }
        #expect(buffer.description == (0..<1000).map { "\($0)," }.joined())
        buffer.truncate(to: 4)
        #expect(buffer.description == "0,1,")
        buffer.removeAll()
        #expect(buffer.isEmpty)
    }

    @Test(arguments: [0, 1, 8_191, 8_192, 20_000]) func lentOctetsStandWhereTheyWereLent(length: Int) {
        let lender = (0..<length + 3).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let text = lender.prefix(length)
        var (taking, copying) = (OctetBuffer(takesLoans: true), OctetBuffer())
        for _ in 0..<3 {
            taking.append("one,")
            copying.append("one,")
            taking.append(lending: lender, first: length)
            copying.append(lending: lender, first: length)
            taking.append(lending: lender, first: length)
            copying.append(lending: lender, first: length)
        }
        #expect(copying.loans.isEmpty && taking.loans.count == (length < 8_192 ? 0 : 6))
        taking.append("end")
        #expect([UInt8](taking) == [UInt8](copying) + Array("end".utf8))
        let rest = taking.loans.isEmpty ? 4 + 2 * length : 4
        taking.truncate(to: rest)
        #expect([UInt8](taking) == Array("one,".utf8) + text + text)
        taking.removeAll()
        #expect([UInt8](taking).isEmpty && taking.loans.isEmpty)
    }

    @Test func writingMoreThanAnnouncedTraps() async {
        await #expect(processExitsWith: .failure) {
            var buffer = OctetBuffer()
            buffer.write(atMost: 4) { writer in
                for _ in 0..<13 { writer.append(0) }
            }
        }
    }
}
