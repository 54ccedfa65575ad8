import CaptureTestSupport
import Events
import Octets
import Testing

@Suite struct RecordFileTests {
    private static let time: Int64 = 1_700_000_000_000_000_000

    private static let file: [UInt8] = {
        var buffer = OctetBuffer()
        buffer.append(recordFileHeaderAt: time)
        for record in SampleEvents.all { record.encode(into: &buffer) }
        return [UInt8](buffer)
    }()

    /// Reads a file that comes in pieces, as a program does: what was not taken is kept and given again.
    private static func read(
        _ file: [UInt8], piece: () -> Int
    ) -> (records: [EventRecord], failures: [EventFailure], reader: RecordFileReader) {
        var reader = RecordFileReader()
        var records: [EventRecord] = []
        var failures: [EventFailure] = []
        var window: [UInt8] = []
        var given = 0
        while true {
            let count = min(max(1, piece()), file.count - given)
            window += file[given..<(given + count)]
            given += count
            var position = 0
            do throws(EventFailure) {
                while case .record(let range, _) = try reader.next(
                    window.span, from: &position, isFinal: given == file.count)
                {
                    let start = reader.offset - Int64(range.count)
                    do throws(EventFailure) {
                        records.append(try EventRecord(window.span.extracting(range), at: start))
                    } catch {
                        failures.append(error)
                    }
                }
            } catch {
                failures.append(error)
                return (records, failures, reader)
            }
            window.removeFirst(position)
            if given == file.count { return (records, failures, reader) }
        }
    }

    @Test func headerIsAsDocumented() {
        let time = (0..<8).map { UInt8(truncatingIfNeeded: Self.time >> (8 * $0)) }
        let magic: [UInt8] = [0x89, 0x4E, 0x53, 0x52, 0x0D, 0x0A, 0x1A, 0x0A]
        #expect(Array(Self.file[..<32]) == magic + [1, 0, 32, 0, 0, 0, 0, 0] + time + [0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func aFileMaySayThatItsEventsAreInOrder() throws {
        for isInOrder in [false, true] {
            var buffer = OctetBuffer()
            buffer.append(recordFileHeaderAt: Self.time, isInOrder: isInOrder)
            let octets = [UInt8](buffer)
            #expect(octets[12] == (isInOrder ? 1 : 0))
            var reader = RecordFileReader()
            var position = 0
            #expect(try reader.next(octets.span, from: &position, isFinal: true) == .needMore)
            #expect(reader.isInOrder == isInOrder && position == 32)
        }
    }

    @Test(arguments: [1, 7, 31, 100, 100_000])
    func anyPiecesGiveTheSameRecords(piece: Int) {
        let read = Self.read(Self.file) { piece }
        #expect(read.records == SampleEvents.all && read.failures == [])
        #expect(read.reader.fileTime == Self.time && read.reader.offset == Int64(Self.file.count))
        #expect(read.reader.records == UInt64(SampleEvents.all.count))
    }

    @Test func aCutFileGivesAllWholeRecordsAndNamesTheCut() throws {
        var ends = [32]
        for record in SampleEvents.all { ends.append(ends[ends.count - 1] + record.encoded.count) }
        for count in Self.file.indices {
            let read = Self.read(Array(Self.file[..<count])) { 4096 }
            let whole = max(0, ends.filter { $0 <= count }.count - 1)
            #expect(read.records == Array(SampleEvents.all[..<whole]))
            if count >= 32, ends.contains(count) {
                #expect(read.failures == [])
            } else {
                let failure = try #require(read.failures.first)
                #expect(failure.reason == .truncated && failure.offset == Int64(count < 32 ? 0 : ends[whole]))
            }
        }
    }

    @Test func damageInsideARecordCostsThatRecordAlone() {
        var damaged = Self.file
        let second = 32 + SampleEvents.all[0].encoded.count
        damaged[second + 62] = 9
        let read = Self.read(damaged) { 500 }
        #expect(read.records == [SampleEvents.all[0]] + SampleEvents.all[2...])
        #expect(read.failures == [EventFailure(.sslData, .invalidField, at: Int64(second))])
    }

    @Test func damageOfALengthEndsTheFileThere() {
        var damaged = Self.file
        let second = 32 + SampleEvents.all[0].encoded.count
        damaged[second + 3] = 0xFF
        let read = Self.read(damaged) { 500 }
        #expect(read.records == [SampleEvents.all[0]])
        #expect(read.failures.map(\.offset) == [Int64(second)] && read.failures.map(\.reason) == [.oversized])
    }

    @Test func randomDamageIsNeverATrap() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<500 {
            var damaged = Self.file
            for _ in 0..<8 {
                let place = Int.random(in: damaged.indices, using: &generator)
                damaged[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            }
            let whole = Self.read(damaged) { damaged.count }
            let pieces = Self.read(damaged) { Int.random(in: 1...300, using: &generator) }
            #expect(whole.records == pieces.records && whole.failures == pieces.failures)
        }
    }

    @Test func otherFilesAreRefused() {
        func failure(_ changes: [Int: UInt8]) -> EventFailure? {
            let file = changes.reduce(into: Self.file) { $0[$1.key] = $1.value }
            return Self.read(file) { 3 }.failures.first
        }
        #expect(failure([0: 0x88]) == EventFailure(.recordFile, .notARecordFile, at: 0))
        // CR LF turned into LF, as a transfer as text does.
        #expect(failure([4: 0x0A]) == EventFailure(.recordFile, .notARecordFile, at: 0))
        #expect(failure([8: 2]) == EventFailure(.recordFile, .versionMismatch, at: 8, needed: 1, available: 2))
        #expect(
            failure([10: 31]) == EventFailure(.recordFile, .inconsistentLength, at: 10, needed: 32, available: 31))
        #expect(Self.read([]) { 1 }.failures.first?.reason == .truncated)
    }

    @Test func aLongerHeaderIsPassedOver() {
        var file = Self.file
        file[10] = 40
        file.insert(contentsOf: [UInt8](repeating: 9, count: 8), at: 32)
        #expect(Self.read(file) { 11 }.records == SampleEvents.all)
    }

    /// Once it has failed, a reader gives the same failure again: the caller cannot run in circles.
    @Test func afterAFailureThereIsNothingMore() {
        var reader = RecordFileReader()
        for _ in 0..<2 {
            #expect(throws: EventFailure(.recordFile, .notARecordFile, at: 0)) {
                var position = 0
                _ = try reader.next([1, 2, 3].span, from: &position, isFinal: false)
            }
        }
    }
}
