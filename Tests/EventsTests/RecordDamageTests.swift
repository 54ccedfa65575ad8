import CaptureTestSupport
import Events
import Octets
import Testing

/// Records that are cut, too long, inconsistent, or damaged anywhere: refused with the place, never a trap.
@Suite struct RecordDamageTests {
    private static func failure(_ octets: [UInt8], at offset: Int64 = 0) -> EventFailure? {
        do throws(EventFailure) {
            _ = try EventRecord(octets.span, at: offset)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: SampleEvents.all.indices)
    func roundTrip(index: Int) throws {
        let record = SampleEvents.all[index]
        #expect(try EventRecord(record.encoded) == record)
    }

    @Test(arguments: SampleEvents.all.indices)
    func everyShorterPrefixIsRefusedWithItsLength(index: Int) throws {
        let octets = SampleEvents.all[index].encoded
        for count in octets.indices {
            let failure = try #require(Self.failure(Array(octets[..<count]), at: 1000))
            #expect(failure.reason == .truncated && failure.offset == 1000)
            #expect(failure.needed == (count < 16 ? 16 : octets.count) && failure.available == count)
        }
        #expect(Self.failure(octets + [0])?.reason == .oversized)
    }

    /// Whatever decodes in spite of damage is a value that its record gives back.
    @Test(arguments: SampleEvents.all.indices)
    func damageIsRefusedOrReadAsWhatItSays(index: Int) throws {
        let octets = SampleEvents.all[index].encoded
        var generator = SeededGenerator(seed: UInt64(index))
        for _ in 0..<2000 {
            var damaged = octets
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: damaged.indices, using: &generator)
                damaged[place] = UInt8.random(in: 0...255, using: &generator)
            }
            guard let read = try? EventRecord(damaged) else { continue }
            if case .unknown = read { continue }
            #expect(try EventRecord(read.encoded) == read)
        }
    }

    private static func changed(_ index: Int, _ changes: [Int: UInt8]) -> [UInt8] {
        changes.reduce(into: SampleEvents.all[index].encoded) { $0[$1.key] = $1.value }
    }

    @Test func lengthsThatDisagreeAreNamed() {
        #expect(
            Self.failure(Self.changed(0, [52: 17]), at: 7)
                == EventFailure(.sslData, .inconsistentLength, at: 7, needed: 121, available: 122))
        #expect(
            Self.failure(Self.changed(0, [53: 0x40]))
                == EventFailure(.sslData, .oversized, at: 0, needed: 16_384, available: 16_402))
        #expect(
            Self.failure(Self.changed(0, [0: 15]))
                == EventFailure(.recordHeader, .inconsistentLength, at: 0, needed: 16, available: 15))
        #expect(
            Self.failure(Self.changed(0, [3: 1]))
                == EventFailure(.recordHeader, .oversized, at: 0, needed: 1 << 17, available: 1 << 24 | 122))
        // Of 300 octets of a query no 301 were captured; the record is as long as it says.
        #expect(
            Self.failure(Self.changed(9, [40: 7, 41: 0]))
                == EventFailure(.mysqld, .inconsistentLength, at: 0, needed: 8, available: 7))
        #expect(
            Self.failure(Self.changed(11, [48: 59, 49: 0]))
                == EventFailure(.packet, .inconsistentLength, at: 0, needed: 60, available: 59))
        #expect(
            Self.failure(Self.changed(6, [86: 65]))
                == EventFailure(.masterSecret, .inconsistentLength, at: 0, needed: 64, available: 65))
        #expect(Self.failure(Self.changed(7, [51: 2]))?.reason == .oversized)
        #expect(Self.failure(Self.changed(10, [40: 9]))?.reason == .inconsistentLength)
    }

    @Test func valuesWithoutMeaningAreRefused() {
        let cases: [(Int, Int, UInt8, EventFailure.Layer)] = [
            (0, 62, 2, .sslData), (0, 63, 3, .sslData), (2, 63, 1, .gnutlsData), (4, 88, 0, .connData),
            (4, 90, 2, .connData), (7, 48, 3, .bash), (7, 49, 2, .bash), (11, 52, 2, .packet),
        ]
        for (index, place, value, layer) in cases {
            #expect(Self.failure(Self.changed(index, [place: value])) == EventFailure(layer, .invalidField, at: 0))
        }
        #expect(
            Self.failure(Self.changed(0, [6: 2]))
                == EventFailure(.recordHeader, .versionMismatch, at: 0, needed: 1, available: 2))
    }

    @Test func anotherTypeIsNotTakenForThisOne() {
        let octets = SampleEvents.all[0].encoded
        #expect(throws: EventFailure(.gnutlsData, .wrongType, at: 0, available: 1)) {
            _ = try GnutlsDataEvent(octets)
        }
        let closed = SampleEvents.all[13].encoded
        #expect(throws: EventFailure(.sslData, .wrongType, at: 0, available: 17)) {
            _ = try DataRecordView(closed.span).pid
        }
        #expect(throws: EventFailure(.bash, .wrongType, at: 0, available: 1)) {
            _ = try BashEvent(octets)
        }
    }

    @Test func unknownTypesArePassedOver() throws {
        let octets: [UInt8] = [18, 0, 0, 0, 0x34, 0x12, 1, 0] + [UInt8](repeating: 0, count: 10)
        #expect(try EventRecord(octets) == .unknown(RecordType(rawValue: 0x1234)))
    }

    @Test func longPlaintextBecomesSeveralRecords() throws {
        var buffer = OctetBuffer()
        let data = (0..<40_000).map { UInt8(truncatingIfNeeded: $0) }
        buffer.append(data: data.span, of: SampleEvents.v4Info, tlsVersion: .tls13, missing: 9)
        var joined: [UInt8] = []
        var missing: [UInt64?] = []
        var start = 0
        while start < buffer.count {
            let rest = buffer.octets.extracting(start...)
            let length = try RecordHeader(rest).length
            let event = try SSLDataEvent(record: rest.extracting(..<length))
            joined += event.data
            missing.append(event.missing)
            #expect(event.info == SampleEvents.v4Info && event.tlsVersion == .tls13)
            start += length
        }
        #expect(joined == data && missing == [9, 0, 0])
    }

    @Test func whatIsTooLongIsCut() throws {
        let long = [UInt8](repeating: 0x41, count: 70_000)
        let info = SampleEvents.processInfo
        #expect(try SSLDataEvent(info: info, data: long).reread().data.count == 16_384)
        let bash = BashEvent(info: info, uid: 0, line: long, returnValue: 0)
        #expect(try bash.reread().line.count == 256)
        let mysqld = MysqldEvent(info: info, query: long, fullLength: 0, status: .init(rawValue: 0))
        #expect(try mysqld.reread().query.count == 256)
        #expect(try PostgresEvent(info: info, query: long).reread().query.count == 256)
        let packet = PacketEvent(info: info, interface: 1, wireLength: 70_000, frame: long)
        #expect(try packet.reread().frame.count == 65_535)
    }
}
