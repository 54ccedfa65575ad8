import CompressionTestSupport
import Testing

@testable import ContentCodings

@Suite struct StreamDecompressorTests {
    /// What a stream gave: its octets, and how it ended.
    struct Outcome: Equatable {
        var octets: [UInt8] = []
        var failure: DecompressionFailure?
        var hasTrailingGarbage = false
    }

    /// Pushes a whole file in pieces through an output of `room` octets.
    static func decompress(
        _ compression: Compression, _ file: [UInt8], piece: Int = .max, room: Int = 1000
    ) throws -> Outcome {
        var decompressor = try StreamDecompressor(compression)
        var outcome = Outcome()
        var start = 0
        var end = min(piece, file.count)
        while true {
            var consumed = 0
            var stop: StreamDecompressor.Stop?
            let octets = [UInt8](capacity: room) { output in
                do throws(DecompressionFailure) {
                    stop = try decompressor.decompress(
                        file.span.extracting(start..<end), isFinal: end == file.count, consumed: &consumed,
                        into: &output)
                } catch {
                    outcome.failure = error
                }
            }
            outcome.octets += octets
            start += consumed
            outcome.hasTrailingGarbage = decompressor.hasTrailingGarbage
            switch stop {
            case .needsInput:
                #expect(start == end, "input is left")
                end = min(file.count, piece > file.count ? file.count : end + piece)
            case .outputFull: #expect(octets.count == room)
            case .finished, nil:
                #expect(decompressor.compressedOffset == Int64(start))
                return outcome
            }
        }
    }

    /// Compressible and not, so that both kinds of block occur.
    static let text =
        Array(repeating: Array("every packet, every message\n".utf8), count: 60).flatMap { $0 } + noise(700)

    private static func noise(_ count: Int) -> [UInt8] {
        var state: UInt32 = 7
        return (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24)
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var compression: Compression
        var file: [UInt8]
        var expected: [UInt8]
        /// Where the file could end and be whole.
        var boundaries: [Int]
    }

    static let cases: [Case] = {
        let one = gzip(text)
        let frame = zstd(text)
        let skipped = skippable([1, 2, 3])
        let empty = gzip([])
        return [
            Case(
                testDescription: "gzip", compression: .gzip, file: one, expected: text, boundaries: [one.count]),
            Case(
                testDescription: "gzip of three members", compression: .gzip, file: one + empty + one,
                expected: text + text,
                boundaries: [one.count, one.count + empty.count, 2 * one.count + empty.count]),
            Case(
                testDescription: "zstd", compression: .zstd, file: frame, expected: text, boundaries: [frame.count]),
            Case(
                testDescription: "zstd of two frames and skippable ones", compression: .zstd,
                file: skipped + frame + skipped + frame, expected: text + text,
                boundaries: [
                    skipped.count, skipped.count + frame.count, 2 * skipped.count + frame.count,
                    2 * skipped.count + 2 * frame.count,
                ]),
        ]
    }()

    @Test(arguments: cases, [1, 2, 7, 100, .max]) func everyPieceSizeGivesTheSame(_ test: Case, piece: Int) throws {
        for room in [1, 3, 1000, 100_000] {
            let outcome = try Self.decompress(test.compression, test.file, piece: piece, room: room)
            #expect(outcome == Outcome(octets: test.expected))
        }
    }

    /// A cut file gives a beginning of its contents and says that it was cut, and where.
    @Test(arguments: cases) func everyCutIsTold(_ test: Case) throws {
        for cut in 1..<test.file.count {
            let outcome = try Self.decompress(test.compression, Array(test.file[..<cut]), piece: 50)
            #expect(test.expected.starts(with: outcome.octets))
            let beginsAMagic = test.boundaries.contains(cut - 1) && test.compression == .gzip
            if test.boundaries.contains(cut) || beginsAMagic {
                #expect(outcome.failure == nil, "cut at \(cut)")
            } else {
                #expect(
                    outcome.failure
                        == DecompressionFailure(
                            reason: .truncated, compression: test.compression, compressedOffset: Int64(cut)),
                    "cut at \(cut)")
            }
        }
    }

    /// Each octet of the file changed in turn: it comes to an end, mostly with an error, and the output stays bounded
    /// by what the formats can expand (1,032 times for gzip).
    @Test(arguments: cases) func changedOctetsNeverTrap(_ test: Case) throws {
        var failures = 0
        for index in test.file.indices {
            var file = test.file
            file[index] ^= 0x41
            let outcome = try Self.decompress(test.compression, file, piece: 64)
            if outcome.failure != nil { failures += 1 }
            #expect(outcome.octets.count <= 1032 * file.count, "octet \(index)")
        }
        #expect(failures > test.file.count / 2)
    }

    @Test(arguments: [Compression.gzip, .zstd], [1, 1000]) func trailingGarbageIsIgnoredAndTold(
        compression: Compression, piece: Int
    ) throws {
        let good = compression == .gzip ? gzip(Self.text) : zstd(Self.text)
        for garbage: [UInt8] in [[0, 0, 0, 0, 0], Array("not compressed".utf8), [0x1F, 0, 0, 0, 0]] {
            let outcome = try Self.decompress(compression, good + garbage, piece: piece)
            #expect(outcome == Outcome(octets: Self.text, hasTrailingGarbage: true))
        }
    }

    @Test func corruptDataIsToldWithItsPlace() throws {
        var file = gzip(Self.text)
        file[file.count - 8] ^= 1  // the checksum
        let gzipped = try Self.decompress(.gzip, file)
        #expect(gzipped.failure?.reason == .corrupt)
        #expect(gzipped.octets == Self.text)
        var frame = zstd(Self.text)
        frame[frame.count - 1] ^= 1
        let failure = try #require(try Self.decompress(.zstd, frame).failure)
        #expect(failure.reason == .corrupt)
        #expect(
            "\(failure)" == "zstd data is corrupt near octet \(failure.compressedOffset) of the compressed file")
        #expect(failure.compressedOffset > 100)
    }

    /// Not where the piece begins that was read: as near to the damage as the library tells, whatever the pieces.
    @Test(arguments: [Compression.gzip, .zstd], [100, 70_000, .max]) func damageIsToldWhereItIs(
        compression: Compression, piece: Int
    ) throws {
        let noise = Self.noise(600_000)
        var file = compression == .gzip ? gzip(noise) : zstd(noise)
        let damaged = file.count / 2
        // What does not compress is stored, in blocks that have no redundancy but their headers: many octets hit one.
        for index in damaged..<damaged + 200_000 { file[index] ^= 0xFF }
        let outcome = try Self.decompress(compression, file, piece: piece, room: 1 << 20)
        let failure = try #require(outcome.failure)
        #expect(failure.reason == .corrupt)
        #expect(Int64(damaged - 131_072)...Int64(damaged + 200_000) ~= failure.compressedOffset)
    }

    /// A frame header that asks for 2 GiB of window: refused before anything is allocated for it.
    @Test func largeWindowsAreRefused() throws {
        // Magic, descriptor without content size, window descriptor 2¹⁰⁺²¹ (RFC 8878 § 3.1.1.1.2), an empty last block.
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 21 << 3, 1, 0, 0]
        #expect(try Self.decompress(.zstd, frame).failure?.reason == .windowTooLarge)
        // 2²⁷ is taken.
        let largest: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 17 << 3, 1, 0, 0]
        #expect(try Self.decompress(.zstd, largest) == Outcome())
    }

    @Test func compressionIsRecognisedByContent() {
        func detect(_ prefix: [UInt8]) -> Compression? { Compression.detect(prefix.span) }
        #expect(detect(gzip(Self.text)) == .gzip)
        #expect(detect(zstd(Self.text)) == .zstd)
        #expect(detect(skippable([])) == .zstd)
        #expect(detect([0x1F, 0x8B, 7, 0]) == nil)
        #expect(detect([0xD4, 0xC3, 0xB2, 0xA1]) == nil)
        #expect(detect([0x1F, 0x8B]) == nil)
        #expect(detect([]) == nil)
    }
}
