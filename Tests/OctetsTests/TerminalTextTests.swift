import Octets
import Testing

/// Text is searched and copied many octets at a time: the same must come out as from one octet after the other.
@Suite struct TerminalTextTests {
    static func escaped(_ octets: [UInt8], _ lines: TerminalText.Lines) -> [UInt8] {
        var buffer = OctetBuffer()
        buffer.append(terminal: octets.span, lines)
        return [UInt8](buffer)
    }

    @Test(arguments: [TerminalText.Lines.kept, .escaped])
    func everyOctetAtEveryPlaceIsEscapedAsAlone(_ lines: TerminalText.Lines) {
        for octet in UInt8.min...0x7F {
            for place in 0..<43 {
                var text = (0..<43).map { UInt8(ascii: "a") + UInt8($0 % 26) }
                text[place] = octet
                let expected = text.flatMap { Self.escaped([$0], lines) }
                #expect(Self.escaped(text, lines) == expected, "\(octet) at \(place)")
            }
        }
    }

    private static func isPrintable(_ text: [UInt8]) -> Bool { text.span.isPrintable }
    private static func isLines(_ text: [UInt8]) -> Bool { text.span.isPrintableLines }
    private static func isText(_ text: [UInt8]) -> Bool { text.span.isText(mayBeCut: false) }

    @Test func wholeTextIsPrintableWhereEveryOctetIs() {
        for octet in UInt8.min...UInt8.max {
            for count in [1, 7, 8, 9, 31, 32, 33, 41] {
                var text = [UInt8](repeating: 0x20, count: count)
                text[count - 1] = octet
                #expect(Self.isPrintable(text) == (0x20...0x7E ~= octet), "\(octet) of \(count)")
                let isInLines = 0x20...0x7E ~= octet || octet == 0x09 || octet == 0x0A
                #expect(Self.isLines(text) == isInLines, "\(octet) of \(count)")
                text.append(0x7E)
                #expect(Self.isPrintable(text) == (0x20...0x7E ~= octet), "\(octet) before the last of \(count + 1)")
            }
        }
        #expect(Self.isPrintable([]) && Self.isLines([]))
    }

    @Test func textOfAnyLengthHasLinesAndTabs() {
        for count in 0..<100 {
            let text = (0..<count).map { $0 % 40 == 39 ? UInt8(0x0A) : $0 % 11 == 0 ? 0x09 : 0x7E }
            #expect(Self.isText(text))
            #expect(Self.escaped(text, .kept) == text)
            #expect(!Self.isText(text + [0x01]) && !Self.isText([0x7F] + text))
        }
    }

    /// Any octet anywhere, in runs longer and shorter than those that are looked at together.
    @Test(arguments: [1, 31, 32, 223, 224, 225, 448, 1_000])
    func controlsAreCountedAndNothingElsePasses(count: Int) {
        for octet in UInt8.min...UInt8.max {
            for place in Set([0, count / 2, count - 1]) {
                var octets = [UInt8](repeating: 0x7E, count: count)
                octets[place] = octet
                let isPlain = octets.span.isPrintable(butForControls: 0)
                let hasOneControl = octets.span.isPrintable(butForControls: 1)
                #expect(isPlain == (0x20...0x7E ~= octet) && hasOneControl == (octet < 0x20))
            }
        }
        let controls = [UInt8](repeating: 0x0A, count: count)
        let areAll = controls.span.isPrintable(butForControls: count)
        #expect(areAll)
    }
}
