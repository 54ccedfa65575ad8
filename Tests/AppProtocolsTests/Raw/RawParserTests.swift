import AppProtocols
import Events
import Testing

struct RawParserTests {
    private func dialogue(_ octetsMax: Int = 100) -> Dialogue {
        var settings = ParserSettings()
        settings.rawOctetsMax = octetsMax
        return Dialogue(RawParser(ParserContext(settings, PlainTools())))
    }

    @Test func aTurnEndsAMessage() {
        let dialogue = dialogue()
        dialogue.say(.sent, "SEL")
        dialogue.say(.sent, "ECT 1")
        dialogue.say(.received, "1")
        dialogue.say(.sent, "QUIT")
        dialogue.pause(.idle)
        dialogue.pause(.closed)
        #expect(dialogue.messages.map(\.bodyText) == ["SELECT 1", "1", "QUIT"])
        #expect(dialogue.messages.map(\.direction) == [.sent, .received, .sent])
        #expect(dialogue.messages.allSatisfy { $0.kind == .raw && $0.isComplete })
    }

    @Test(arguments: [1, 2, 3, 7, 1_000])
    func noSplitShows(piece: Int) {
        let dialogue = dialogue(10)
        dialogue.say(.sent, (0..<25).map { $0 }, piece: piece)
        dialogue.pause(.idle)
        #expect(dialogue.messages.map(\.body) == [Array(0..<10), Array(10..<20), Array(20..<25)])
        #expect(dialogue.messages.map(\.length) == [10, 10, 5])
    }

    /// Secrets are looked for in lines, so a line that has not ended waits for its end.
    @Test(arguments: [1, 3, 1_000])
    func aLineIsNotCutInTwo(piece: Int) {
        let dialogue = dialogue(20)
        let text = "Cookie: a=1\r\nCookie: b=2\r\nCookie: long=345678901234\r\n"
        dialogue.say(.sent, Array(text.utf8), piece: piece)
        dialogue.pause(.idle)
        // The third is longer than the limit, and begins behind one that has ended.
        #expect(
            dialogue.messages.map(\.bodyText)
                == ["Cookie: a=1\r\n", "Cookie: b=2\r\n", "Cookie: long=3456789", "01234\r\n"])
    }

    @Test func nothingIsJoinedOverAGap() {
        let dialogue = dialogue()
        dialogue.say(.sent, "ab")
        dialogue.lose(.sent, 3)
        dialogue.say(.sent, "fg")
        #expect(dialogue.parser.isWaiting(.sent))
        dialogue.pause(.aborted)
        #expect(dialogue.messages.map(\.bodyText) == ["ab", "", "fg"])
        #expect(dialogue.messages[1].kind == .gap)
    }
}
