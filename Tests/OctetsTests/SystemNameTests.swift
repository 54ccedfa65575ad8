import Octets
import Testing

@Suite struct SystemNameTests {
    /// Any octets are a name, and no two names are one text.
    @Test func everyNameComesBack() {
        var names: [[UInt8]] = (1...255).map { [0x61, $0, 0x62] }
        names += [
            Array("é日本🦀".utf8), [0xC3, 0xA9], [0xE9], [0xC3], [0xF4, 0x8F, 0xBF, 0xBF], [0xF4, 0x8F, 0xBE, 0x80],
            [0xF4, 0x8F, 0xBE, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xED, 0xA0, 0x80], [],
            Array("\u{FFFD}".utf8), Array("\u{10FF7F}".utf8), Array("\u{10FFE9}".utf8),
        ]
        let texts = names.map { SystemName.text($0.span) }
        #expect(texts.map(SystemName.octets) == names)
        #expect(Set(texts.map { Array($0.utf8) }).count == names.count)
    }

    @Test func whatIsTextStaysText() {
        for text in ["", "a.pcap", "é日本🦀", "\u{FFFD}", "\u{10FF7F}"] {
            #expect(SystemName.text(Array(text.utf8).span) == text)
            #expect(SystemName.repaired(text) == text && SystemName.escaped(text) == text)
            #expect(SystemName.shown(text) == text)
        }
    }

    @Test func whatIsShownDrivesNoTerminal() {
        let name = SystemName.text([0x6C, 0xE9, 0x1B, 0x5B, 0x41, 0x0A].span)
        #expect(SystemName.shown(name) == #"l\xe9\x1b[A\n"#)
        #expect(SystemName.escaped("is \(name)") == "is l\\xe9\u{1B}[A\n")
        #expect(SystemName.repaired(name) == "l\u{FFFD}\u{1B}[A\n")
    }
}
