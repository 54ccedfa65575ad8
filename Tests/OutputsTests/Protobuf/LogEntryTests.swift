import Events
import Headers
import Octets
import Testing

@testable import Outputs

@Suite struct LogEntryTests {
    private static let event: EventMessage = {
        var info = BaseInfo()
        info.time = 300
        info.pid = 1234
        info.tid = 1235
        info.comm = CommandName(Array("a\u{1B}".utf8))
        info.fd = 5
        info.source = IPAddress(v4: 0x0102_0304)
        info.destination = IPAddress(v6: 0, 1)
        info.sourcePort = 80
        info.destinationPort = 443
        return EventMessage(info: info, type: 1, payload: Array("hi".utf8))
    }()

    private static let entries: [LogEntry] = [
        .event(event), .heartbeat(time: 5, count: 2, message: "heartbeat:2"), .runLog("started"),
        .event(EventMessage(PostgresEvent(info: BaseInfo(), query: Array("SELECT 1".utf8)))),
    ]

    private static func stream(_ entries: [LogEntry], _ schema: EventSchema) throws -> [UInt8] {
        var buffer = OctetBuffer()
        for entry in entries { try LogEntryWriter(schema: schema).append(entry, to: &buffer) }
        return [UInt8](buffer)
    }

    private static func read(
        _ stream: [UInt8], _ schema: EventSchema, piece: Int = .max
    ) -> (entries: [LogEntry], failure: ProtobufFailure?) {
        var reader = LogEntryReader(schema: schema)
        var entries: [LogEntry] = []
        var window: [UInt8] = []
        var given = 0
        repeat {
            let count = min(piece, stream.count - given)
            window += stream[given..<(given + count)]
            given += count
            var position = 0
            do throws(ProtobufFailure) {
                while let entry = try reader.next(window.span, from: &position, isFinal: given == stream.count) {
                    entries.append(entry)
                }
            } catch {
                return (entries, error)
            }
            window.removeFirst(position)
        } while given < stream.count
        return (entries, nil)
    }

    /// The wire format by hand: key = number << 3 | type.
    @Test func standardNumbersAreThoseOfTheDescription() throws {
        let uuid = Array("1234_1235_a\\x1b_5_0_1.2.3.4:80-[::1]:443".utf8)
        var event: [UInt8] = [0x08, 0xAC, 0x02, 0x12, UInt8(uuid.count)] + uuid
        event += [0x18, 0xD2, 0x09, 0x22, 5] + Array("a\\x1b".utf8)
        event += [0x2A, 7] + Array("1.2.3.4".utf8) + [0x30, 80, 0x3A, 3] + Array("::1".utf8) + [0x40, 0xBB, 0x03]
        event += [0x48, 1, 0x50, 2, 0x5A, 2, 0x68, 0x69]
        let entry = [0x08, 2, 0x12, UInt8(event.count)] + event
        #expect(try Self.stream([.event(Self.event)], .standard) == [UInt8(entry.count)] + entry)
    }

    @Test func ecaptureNumbersAreThoseOfItsClients() throws {
        let uuid = Array("1234_1235_a\\x1b_5_0_1.2.3.4:80-[::1]:443".utf8)
        var event: [UInt8] = [0x08, 0xAC, 0x02, 0x12, UInt8(uuid.count)] + uuid
        event += [0x1A, 7] + Array("1.2.3.4".utf8) + [0x20, 80, 0x2A, 3] + Array("::1".utf8) + [0x30, 0xBB, 0x03]
        event += [0x38, 0xD2, 0x09, 0x42, 5] + Array("a\\x1b".utf8)
        event += [0x48, 1, 0x50, 2, 0x5A, 2, 0x68, 0x69]
        let entry = [0x08, 2, 0x12, UInt8(event.count)] + event
        #expect(try Self.stream([.event(Self.event)], .ecapture) == [UInt8(entry.count)] + entry)
    }

    @Test func otherEntriesHaveTheirNumbers() throws {
        #expect(
            try Self.stream([Self.entries[1]], .standard)
                == [19, 0x1A, 17, 0x08, 5, 0x10, 2, 0x1A, 11] + Array("heartbeat:2".utf8))
        #expect(
            try Self.stream([Self.entries[2]], .standard) == [11, 0x08, 1, 0x22, 7] + Array("started".utf8))
    }

    @Test(arguments: EventSchema.allCases, [1, 5, 1000])
    func anyPiecesGiveTheSameEntries(schema: EventSchema, piece: Int) throws {
        let read = Self.read(try Self.stream(Self.entries, schema), schema, piece: piece)
        #expect(read.entries == Self.entries && read.failure == nil)
    }

    @Test func theOtherNumberingIsNamed() throws {
        for schema in EventSchema.allCases {
            let other = EventSchema.allCases.first { $0 != schema } ?? schema
            let stream = try Self.stream([Self.entries[2], Self.entries[0]], schema)
            let read = Self.read(stream, other)
            #expect(read.entries == [Self.entries[2]])
            #expect(read.failure == ProtobufFailure(.otherSchema(schema), at: 12))
            #expect(read.failure?.description.contains("--event-schema \(schema.rawValue)") == true)
        }
    }

    @Test func aCutStreamGivesAllWholeEntries() throws {
        let whole = try Self.stream(Self.entries, .standard)
        var ends: [Int] = [0]
        for entry in Self.entries { ends.append(ends[ends.count - 1] + (try Self.stream([entry], .standard)).count) }
        for count in whole.indices {
            let read = Self.read(Array(whole[..<count]), .standard)
            let complete = ends.filter { $0 <= count }.count - 1
            #expect(read.entries == Array(Self.entries[..<complete]))
            let failure = ends.contains(count) ? nil : ProtobufFailure(.truncated, at: Int64(ends[complete]))
            #expect(read.failure == failure)
        }
    }

    @Test func damageIsRefused() {
        #expect(Self.read([UInt8](repeating: 0xFF, count: 12), .standard).failure == ProtobufFailure(.badLength, at: 0))
        #expect(Self.read([0xFF, 0xFF, 0xFF, 0xFF, 0x0F], .standard).failure == ProtobufFailure(.badLength, at: 0))
        #expect(Self.read([2, 0x12, 9], .standard).failure == ProtobufFailure(.malformed, at: 0))
        // An entry of a type that is not known here, and an empty one.
        #expect(Self.read([2, 0x78, 1, 0], .standard) == ([], nil))
    }
}
