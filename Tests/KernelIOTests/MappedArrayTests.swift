import KernelIO
import Testing

@Suite struct MappedArrayTests {
    @Test func newElementsAreZero() {
        for count in [0, 1, 511, 4_096, 300_000] {
            let array = MappedArray<UInt64>(count: count)
            #expect(array.count == count && array.span.count == count)
            #expect(array.span.indices.allSatisfy { array.span[$0] == 0 })
            #expect(array.byteCount >= count * 8 && array.byteCount < count * 8 + (2 << 20))
        }
    }

    /// Looked at and then written, pages of such an array come as fast as memory that is there; others come twice each.
    @Test func touchedArraysHaveTheirPages() throws {
        /// Of this thread so far, without those that read from a disk.
        func faults() throws -> Int {
            let fields = try InputFile.contents(of: "/proc/thread-self/stat", atMost: 4096).split(separator: 0x20)
            // The program's name, the second one, is that of the tests, without spaces.
            return try #require(Int(String(decoding: fields[9], as: UTF8.self)))
        }
        func faults(_ array: consuming MappedArray<UInt64>) throws -> Int {
            var span = array.mutableSpan
            let before = try faults()
            for i in stride(from: 0, to: span.count, by: 512) where span[i] == 0 { span[i] = 1 }
            return try faults() - before
        }
        // 100 pages of 4 KiB.
        #expect(try faults(MappedArray(count: 51_200)) >= 100)
        #expect(try faults(MappedArray(touched: 51_200)) < 20)
        #expect(MappedArray<UInt64>(touched: 0).count == 0)
        let array = MappedArray<UInt64>(touched: 300_000)
        #expect(array.count == 300_000 && array.span.indices.allSatisfy { array.span[$0] == 0 })
    }

    /// Across the sizes at which pages become huge.
    @Test func growingKeepsElementsAndAddsZeros() {
        var array = MappedArray<UInt32>(count: 3)
        var filled = 0
        for count in [3, 4, 1_024, 1_025, 524_287, 524_288, 524_289, 1_200_000, 5] {
            array.grow(to: count)
            let expected = max(filled, count)
            #expect(array.count == expected)
            var span = array.mutableSpan
            var wrong = 0
            for i in 0..<expected where span[i] != (i < filled ? UInt32(i) &* 7 &+ 1 : 0) { wrong += 1 }
            #expect(wrong == 0, "\(count)")
            for i in filled..<expected { span[i] = UInt32(i) &* 7 &+ 1 }
            filled = expected
        }
    }

    @Test func movesAndCopiesOverlappingParts() {
        var array = MappedArray<UInt8>(count: 10)
        let digits: [UInt8] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
        array.replace(at: 0, with: digits.span)
        array.moveToStart(3..<10)
        #expect(array.span.indices.map { array.span[$0] } == [3, 4, 5, 6, 7, 8, 9, 7, 8, 9])
        array.moveToStart(4..<4)
        let nothing: [UInt8] = [], two: [UInt8] = [40, 41]
        array.replace(at: 10, with: nothing.span)
        array.replace(at: 8, with: two.span)
        #expect(array.span[7] == 7 && array.span[8] == 40 && array.span[9] == 41)
    }

    @Test func appendsWithinARangeOnly() {
        var array = MappedArray<UInt8>(count: 8)
        let count = array.appending(in: 2..<5) { output in
            let room = output.freeCapacity
            #expect(room == 3)
            output.append(6)
            output.append(7)
        }
        #expect(count == 2)
        #expect(array.span.indices.map { array.span[$0] } == [0, 0, 6, 7, 0, 0, 0, 0])
        let none = array.appending(in: 8..<8) { output in
            let isFull = output.isFull
            #expect(isFull)
        }
        #expect(none == 0)
    }

    /// Each of five threads has its share of numbers, and puts them into parts by what is left of a division by 7.
    @Test func sortsIntoPartsOnSeveralThreads() {
        let shares = (0..<5).map { share in (0..<1_000 * share).map { UInt32($0 * 31 + share) } }
        let counts = shares.map { numbers in (0..<7).map { part in numbers.count { Int($0) % 7 == part } } }
        let expected = (0..<7).flatMap { part in shares.flatMap { $0.filter { Int($0) % 7 == part } } }
        for threads in [1, 3] {
            var array = MappedArray<UInt32>(count: expected.count + 1)
            array.sortConcurrently(counts: counts, threads: threads) { share, parts in
                for number in shares[share] { parts.append(number, to: Int(number) % 7) }
            }
            #expect((0..<expected.count).map { array.span[$0] } == expected)
            #expect(array.span[expected.count] == 0)
        }
    }
}
