import CaptureTestSupport
import Events
import Headers
import Testing

/// JSON Lines recordings.
@Suite struct RecordingReaderTests {
    enum Read: Equatable {
        case data(BaseInfo, TLSVersion, [UInt8])
        case item(RecordingReader.Item)
        case failure(RecordingFailure)
    }

    private static func read(_ text: String, piece: () -> Int = { 1 << 20 }) -> [Read] {
        let file = Array(text.utf8)
        var reader = RecordingReader()
        var found: [Read] = []
        var window: [UInt8] = []
        var given = 0
        while true {
            let count = min(max(1, piece()), file.count - given)
            window += file[given..<(given + count)]
            given += count
            var position = 0
            while true {
                do throws(RecordingFailure) {
                    guard let item = try reader.next(window.span, from: &position, isFinal: given == file.count) else {
                        break
                    }
                    found.append(item == .data ? .data(reader.info, reader.tlsVersion, reader.payload) : .item(item))
                } catch {
                    found.append(.failure(error))
                }
            }
            window.removeFirst(position)
            if given == file.count { return found }
        }
    }

    private static func failure(_ line: String) -> RecordingFailure? {
        guard case .failure(let failure)? = read(line).first else { return nil }
        return failure
    }

    private static let plain = """
        {"Op":"data","DataType":1,"Timestamp":1700000000000010000,"Pid":4242,"Tid":4243,"Comm":"curl","Fd":5,\
        "Version":771,"DataLen":5,"Payload":"aGVsbG8="}
        """
    private static let socket = """
        {"Op":"data","DataType":0,"Timestamp":1700000000000020000,"Pid":4242,"Tid":4243,"Comm":"curl","Fd":5,\
        "Version":772,"DataLen":3,"Tuple":"10.0.0.7:51837-93.184.216.34:443","Sock":18446612690100928000,\
        "Payload":"AAH/"}
        """
    private static let destroy = #"{"Op":"destroy","Timestamp":1700000000000030000,"Sock":18446612690100928000}"#
    private static let close = #"{"Op":"close","Timestamp":1700000000000040000}"#
    private static let recording = "\(plain)\n\(socket)\r\n\n\(destroy)\n\(close)"

    private static let expected: [Read] = {
        var info = BaseInfo()
        info.time = 1_700_000_000_000_010_000
        info.pid = 4242
        info.tid = 4243
        info.comm = CommandName(Array("curl".utf8))
        info.fd = 5
        info.direction = .sent
        var second = info
        second.time += 10_000
        second.direction = .received
        second.source = IPAddress(v4: 0x0A00_0007)
        second.destination = IPAddress(v4: 0x5DB8_D822)
        second.sourcePort = 51837
        second.destinationPort = 443
        second.sock = 18_446_612_690_100_928_000
        return [
            .data(info, .tls12, Array("hello".utf8)), .data(second, .tls13, [0, 1, 255]),
            .item(.destroyed(sock: 18_446_612_690_100_928_000, time: 1_700_000_000_000_030_000)),
            .item(.closed(time: 1_700_000_000_000_040_000)),
        ]
    }()

    @Test(arguments: [1, 2, 13, 500, 100_000])
    func anyPiecesGiveTheSameEvents(piece: Int) {
        #expect(Self.read(Self.recording) { piece } == Self.expected)
        #expect(Self.read(Self.recording + "\n") { piece } == Self.expected)
    }

    @Test func orderAndUnknownMembersDoNotMatter() {
        let line = """
            { "More" : {"a":[1,2,{"b":null}],"Op":"x"} , "Payload":"aGVsbG8=","DataLen":5, "Version":771,"Fd":5, \
            "Comm":"\\u0063url", "Tid":4243,"Pid":4242,"Timestamp":1700000000000010000,"DataType":1, "x":-1.5e+3 }
            """
        #expect(Self.read(line) == [Self.expected[0]])
    }

    @Test func whatMayBeMissingIsNotKnown() throws {
        let line = #"{"DataType":0,"Timestamp":-1,"Pid":1,"Payload":"","Tuple":""}"#
        guard case .data(let info, let version, let payload)? = Self.read(line).first else {
            Issue.record("no data")
            return
        }
        #expect(info.time == -1 && info.fd == -1 && info.sock == 0 && !info.hasTuple && info.comm == .none)
        #expect(version == .none && payload == [])
    }

    /// Nothing of a line is left over for the next.
    @Test func linesAreIndependent() {
        let short = #"{"DataType":0,"Timestamp":1,"Pid":1,"Payload":"QQ=="}"#
        let alone = Self.read(short)
        #expect(Self.read(Self.socket + "\n" + short) == [Self.expected[1]] + alone)
        let wrong = Self.socket.replacing("AAH/", with: "AAH*")
        #expect(Self.read(wrong + "\n" + short).last == alone[0])
    }

    @Test(
        arguments: [
            (#"{"Op":"data""#, .json(.truncated), 13), (#"{"Op":"data",}"#, .json(.unexpected), 14),
            (#"[1]"#, .notAnObject, 1), (#"{} {}"#, .json(.unexpected), 4),
            (#"{"Op":"stop","Timestamp":1}"#, .unknownOperation, 7),
            (#"{"Op":1}"#, .badValue(.operation), 7), (#"{"Pid":-1}"#, .badValue(.pid), 8),
            (#"{"Pid":4294967296}"#, .badValue(.pid), 8), (#"{"Timestamp":1.5}"#, .badValue(.time), 14),
            (#"{"DataType":2}"#, .badValue(.dataType), 13), (#"{"Fd":[5]}"#, .badValue(.fd), 7),
            (#"{"Sock":18446744073709551616}"#, .badValue(.sock), 9), (#"{"Pid":1,"Pid":1}"#, .repeated(.pid), 10),
            (#"{"Tuple":"10.0.0.7:1"}"#, .badValue(.tuple), 10), (#"{"Payload":"QQ=*"}"#, .badValue(.payload), 15),
            (#"{"Op":"close"}"#, .missing(.time), 14), (#"{"Op":"destroy","Timestamp":1}"#, .missing(.sock), 30),
            (#"{"DataType":0,"Timestamp":1,"Pid":1}"#, .missing(.payload), 36),
            (#"{"Pid":01}"#, .json(.badNumber), 8),
            (
                #"{"DataLen":2,"DataType":0,"Timestamp":1,"Pid":1,"Payload":"QQ=="}"#,
                .lengthMismatch(announced: 2, there: 1), 12
            ),
        ] as [(String, RecordingFailure.Reason, Int)])
    func whatIsWrongIsNamedWithItsPlace(line: String, reason: RecordingFailure.Reason, column: Int) {
        #expect(Self.failure(line) == RecordingFailure(reason, line: 1, column: column))
        // And the next line is read.
        let next = Self.read("\n" + line + "\n" + Self.plain)
        #expect(next == [.failure(RecordingFailure(reason, line: 2, column: column)), Self.expected[0]])
    }

    @Test func aLineTooLongIsRefusedOnceAndPassedOver() {
        let long = String(repeating: "x", count: RecordingReader.lineOctetsMax + 100_000)
        for piece in [300_000, 1 << 30] {
            let read = Self.read(long + "\n" + Self.plain) { piece }
            let failure = RecordingFailure(.lineTooLong, line: 1, column: RecordingReader.lineOctetsMax + 1)
            #expect(read == [.failure(failure), Self.expected[0]])
        }
    }

    @Test func failuresReadWell() {
        #expect(
            Self.failure(#"{"Pid":-1}"#)?.description == "line 1, column 8: \"Pid\" must be an integer of 32 bits")
    }

    @Test func randomDamageIsNeverATrap() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            var octets = Array(Self.recording.utf8)
            for _ in 0..<3 {
                octets[Int.random(in: octets.indices, using: &generator)] = UInt8.random(in: 0...127, using: &generator)
            }
            let text = String(decoding: octets, as: UTF8.self)
            #expect(Self.read(text) == Self.read(text) { Int.random(in: 1...200, using: &generator) })
        }
    }
}
