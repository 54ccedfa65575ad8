import Events
import Headers
import Octets
import Testing

@Suite struct EventTextTests {
    private static let info = SampleEvents.processInfo

    private static func texts(_ event: any Event) -> (text: String, hex: String) { (event.text, event.hex) }

    @Test func plaintext() {
        var info = Self.info
        info.fd = 7
        let event = SSLDataEvent(info: info, data: Array("hi\u{1B}[2J\r\n".utf8))
        #expect(
            event.text
                == "[2023-11-14 22:13:20.123] PID:1234 TID:1235 Comm:bash FD:7 READ (8 bytes):\nhi\\x1b[2J\n")
        #expect(
            event.hex
                == "[2023-11-14 22:13:20.123] PID:1234 TID:1235 Comm:bash FD:7 READ (8 bytes, hex):\n"
                + "00000000  68 69 1b 5b 32 4a 0d 0a                           |hi.[2J..|\n")
    }

    @Test func shells() {
        let bash = BashEvent(info: Self.info, uid: 1000, line: Array("ls".utf8), returnValue: -1)
        #expect(bash.text == "PID:1234, UID:1000, Comm:bash, Retvalue:-1, Line:\nls\n")
        let zsh = BashEvent(info: Self.info, uid: 0, line: Array("ls\n".utf8), returnValue: 0, shell: .zsh)
        #expect(zsh.text == "PID:1234, UID:0, \tComm:bash, \tLine:\nls\n")
        #expect(
            zsh.hex
                == "PID:1234, UID:0, \tComm:bash, \tLine:\n"
                + "00000000  6c 73 0a                                          |ls.|\n")
    }

    @Test func queries() {
        let mysqld = MysqldEvent(
            info: Self.info, query: Array("SELECT 1".utf8), fullLength: 300, status: .init(rawValue: 0))
        #expect(
            mysqld.text
                == "MySQL Query[PID=1234, Comm=bash, Len=8/300, Status=DISPATCH_COMMAND_SUCCESS]: SELECT 1\n")
        let postgres = PostgresEvent(info: Self.info, query: Array("SELECT 2".utf8))
        #expect(postgres.text == "PID=1234 Comm=bash Query=SELECT 2\n")
        #expect(MysqldEvent.Status(rawValue: 77).description == "77")
    }

    @Test func connectionsAndPackets() {
        let connection = ConnDataEvent(info: SampleEvents.v6Info, isDestroy: true)
        #expect(
            connection.text
                == "PID:286331153, TID:572662306, Comm:fifteen-octets!, FD:5, "
                + "Tuple:[2001:db8::1]:51837-[2001:db8::2]:443, Sock:0xffff8881006657c0, destroyed\n")
        let packet = PacketEvent(info: Self.info, interface: 2, wireLength: 1514, frame: [0x41])
        #expect(packet.text == "PID:1234, Comm:bash, Interface:2, received, Len:1/1514\n")
    }

    @Test func secretsAreInTheKeyLogAlone() {
        var event = SampleEvents.secrets
        event[.master] = [UInt8](repeating: 0, count: 48)
        var buffer = OctetBuffer()
        event.appendKeyLog(to: &buffer)
        let random = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        #expect(
            buffer.description
                == "CLIENT_HANDSHAKE_TRAFFIC_SECRET \(random) \(String(repeating: "ab", count: 32))\n"
                + "EXPORTER_SECRET \(random) \(String(repeating: "cd", count: 48))\n")
        #expect(!event.text.contains("abab") && !event.hex.contains("cdcd"))
        #expect(event.text.contains("TLS 1.3, Cipher:0x3001301"))
    }

    /// A program chooses its name: it must not write a line of its own, nor drive the terminal.
    @Test func namesAreEscaped() {
        var info = Self.info
        info.comm = CommandName(Array("a\nPID:1\u{1B}[31m\t\u{7F}".utf8))
        let text = "a\\nPID:1\\x1b[31m"
        #expect(PostgresEvent(info: info, query: []).text.hasPrefix("PID=1234 Comm=\(text)"))
        #expect(info.uuidText.hasPrefix("1234_1235_\(text)"))
        #expect(info.uuidText.allSatisfy { $0.isASCII && $0 >= " " && $0 <= "~" })
        for record in SampleEvents.all {
            guard var event = record.event as? SSLDataEvent else { continue }
            event.info.comm = info.comm
            #expect(event.text.split(separator: "\n")[0].contains(text))
        }
    }

    @Test(arguments: [
        ("plain ~", "plain ~"), ("a\tb\nc", "a\tb\nc"), ("\u{7}\u{8}\u{B}\u{C}\r\0", "\\a\\b\\v\\f\\r\\x00"),
        ("Grüße 漢字 😀", "Grüße 漢字 😀"), ("a\r\nb\u{202E}", "a\nb\\u{202e}"), ("\u{85}\u{9B}31m", "\\u{85}\\u{9b}31m"),
    ])
    func payloadIsEscaped(text: String, expected: String) {
        var buffer = OctetBuffer()
        buffer.append(terminal: Array(text.utf8).span, .kept)
        #expect(buffer.description == expected)
    }

    @Test(arguments: [
        ([0x9B, 0x41] as [UInt8], "\\x9bA"), ([0xC3], "\\xc3"), ([0xC0, 0xAF], "\\xc0\\xaf"),
        ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"), ([0xF4, 0x90, 0x80, 0x80], "\\xf4\\x90\\x80\\x80"),
        ([0xE2, 0x82, 0x41], "\\xe2\\x82A"), ([0xF0, 0x8F, 0xBF, 0xBF], "\\xf0\\x8f\\xbf\\xbf"),
    ])
    func whatIsNoUTF8IsEscaped(octets: [UInt8], expected: String) {
        var buffer = OctetBuffer()
        buffer.append(terminal: octets.span, .kept)
        #expect(buffer.description == expected)
    }

    @Test func hexDumpOfSeveralLines() {
        var buffer = OctetBuffer()
        buffer.append(hexDump: Array("GET / HTTP/1.1\r\nHost".utf8).span)
        #expect(
            buffer.description
                == "00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|\n"
                + "00000010  48 6f 73 74                                       |Host|\n")
        buffer.removeAll()
        buffer.append(hexDump: [UInt8]().span)
        #expect(buffer.isEmpty)
    }
}
