import AppProtocols
import CaptureTestSupport
import Events
import Testing

struct WebSocketTests {
    /// A frame as RFC 6455 § 5.2 has it.
    static func frame(
        _ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true, rsv1: Bool = false, key: [UInt8]? = nil
    ) -> [UInt8] {
        var octets: [UInt8] = [(isFinal ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode]
        let mask: UInt8 = key == nil ? 0 : 0x80
        switch payload.count {
        case ..<126: octets.append(mask | UInt8(payload.count))
        case ..<65_536: octets += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default:
            octets.append(mask | 127)
            octets += (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        guard let key else { return octets + payload }
        return octets + key + payload.enumerated().map { $1 ^ key[$0 & 3] }
    }

    static func text(_ text: String, isFinal: Bool = true) -> [UInt8] { frame(1, Array(text.utf8), isFinal: isFinal) }

    private func dialogue(_ change: (inout ProtocolHandover) -> Void = { _ in }) -> Dialogue {
        var handover = ProtocolHandover(to: .webSocket, client: .sent)
        handover.permessageDeflate = false
        change(&handover)
        return Dialogue(WebSocketParser(ParserContext(ParserSettings(), PlainTools()), handover))
    }

    @Test(arguments: [0, 1, 125, 126, 65_535, 65_536, 100_000])
    func everyLengthAndMask(count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        for key in [nil, [1, 2, 3, 0xFE]] as [[UInt8]?] {
            let dialogue = dialogue()
            let octets = Self.frame(2, payload, key: key)
            dialogue.say(.sent, octets, piece: 1_001)
            #expect(dialogue.messages.map(\.body) == [payload])
            #expect(dialogue.messages[0].length == UInt64(count))
            #expect(dialogue.messages[0].code == 2)
            #expect(dialogue.messages[0].isComplete)
        }
    }

    @Test func controlFramesComeBetweenFragments() {
        let dialogue = dialogue()
        dialogue.say(
            .received,
            Self.text("one ", isFinal: false) + Self.frame(9, [1]) + Self.frame(0, Array("two ".utf8), isFinal: false))
        dialogue.say(.received, Self.frame(0, Array("three".utf8)) + Self.frame(8, [0x03, 0xE8] + Array("bye".utf8)))
        #expect(dialogue.messages.map(\.code) == [9, 1, 8])
        #expect(dialogue.messages.map(\.flags) == [1, 3, 1])
        #expect(dialogue.messages[1].bodyText == "one two three")
        #expect(dialogue.messages[2].status == 1_000)
    }

    @Test func compressedMessagesKeepTheirContext() {
        for takesNoContext in [false, true] {
            let dialogue = dialogue {
                $0.permessageDeflate = true
                $0.serverTakesNoContext = takesNoContext
            }
            var context: UInt8 = 0
            for word in ["first", "second"] {
                if takesNoContext { context = 0 }
                dialogue.say(.received, Self.frame(1, PlainTools.deflate(word, &context), rsv1: true))
            }
            dialogue.say(.received, Self.text("plain"))
            #expect(dialogue.messages.map(\.bodyText) == ["first", "second", "plain"])
            #expect(dialogue.messages.map(\.length) == [5, 6, 5])
            #expect(dialogue.messages.allSatisfy { $0.isComplete && $0.notes.isEmpty })
        }
    }

    @Test func fragmentsThatDoNotBelongAreSaid() {
        let dialogue = dialogue()
        dialogue.say(.sent, Self.frame(0, [0x61]) + Self.text("b", isFinal: false) + Self.text("c"))
        #expect(dialogue.messages.map(\.bodyText) == ["a", "b", "c"])
        #expect(dialogue.messages.map(\.isComplete) == [false, false, true])
        #expect(dialogue.messages[0].notes == [.beginningNotSeen])
        #expect(dialogue.messages[1].notes == [.malformed(.webSocketFrame)])
    }

    @Test(
        arguments: [
            [0x83, 0], [0xB1, 0], [0xC1, 0], [0x09, 0], [0x89, 126, 0, 126], [0x81, 126, 0, 5],
            [0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0],
        ] as [[UInt8]])
    func whatIsNoFrameLosesTheDirection(octets: [UInt8]) {
        let dialogue = dialogue()
        dialogue.say(.sent, Self.text("ok") + octets)
        #expect(dialogue.messages.map(\.bodyText) == ["ok"])
        #expect(dialogue.outcomes == [.lost])
        #expect(dialogue.unconsumed(.sent) == octets)
        #expect(dialogue.counted.map(\.malformation) == [.webSocketFrame])
    }

    @Test func gaps() {
        let dialogue = dialogue()
        dialogue.say(.sent, Self.frame(1, Array("0123456789".utf8), key: [9, 8, 7, 6]).dropLast(8).map { $0 })
        dialogue.lose(.sent, 3)
        dialogue.say(.sent, Self.frame(1, Array("0123456789".utf8), key: [9, 8, 7, 6]).suffix(5).map { $0 })
        #expect(dialogue.messages.map(\.bodyText) == ["0156789"])
        #expect(dialogue.messages[0].notes == [.gap(octets: 3)])
        dialogue.lose(.sent, nil)
        dialogue.say(.sent, Self.frame(1, [0x7A], key: [1, 1, 1, 1]))
        #expect(dialogue.messages.last?.bodyText == "z")
        dialogue.lose(.sent, nil)
        // Not masked, though all of this direction are.
        dialogue.say(.sent, Self.text("no frame"))
        #expect(dialogue.outcomes == [.lost])
    }

    @Test func anEndInTheMiddleIsSaid() {
        let dialogue = dialogue()
        dialogue.say(.sent, Self.text("abcdef").dropLast(3).map { $0 })
        dialogue.pause(.idle)
        #expect(dialogue.messages.isEmpty && dialogue.parser.isWaiting(.sent))
        dialogue.pause(.longIdle)
        dialogue.say(.sent, "de")
        dialogue.pause(.aborted)
        #expect(dialogue.messages.map(\.bodyText) == ["abc", "de"])
        #expect(dialogue.messages.map(\.isContinuation) == [false, true])
        #expect(dialogue.messages.map(\.notes) == [[.soFar(seen: 3, announced: nil)], [.endNotSeen]])
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func anySplitGivesTheSame(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var octets: [UInt8] = []
        for _ in 0..<10 {
            let payload = (0..<Int.random(in: 0...300, using: &generator)).map { UInt8(truncatingIfNeeded: $0) }
            let key = Bool.random(using: &generator) ? [3, 1, 4, 1] as [UInt8] : nil
            octets += Self.frame(
                Bool.random(using: &generator) ? 1 : 0, payload, isFinal: Bool.random(using: &generator), key: key)
        }
        if seed % 2 == 1 { octets[Int.random(in: 0..<octets.count, using: &generator)] ^= 0x10 }
        let whole = dialogue()
        whole.say(.sent, octets)
        whole.pause(.closed)
        for limit in [1, 3, 100] {
            let pieces = dialogue()
            pieces.say(.sent, octets, piece: limit)
            pieces.pause(.closed)
            #expect(pieces.messages == whole.messages)
            #expect(pieces.counted == whole.counted)
        }
    }
}
