import Foundation
import NIOCore
import NIOHPACK
import Testing

@testable import AppProtocols

/// Header blocks decoded here and by NIOHPACK: the same fields, and the same blocks found wrong.
@Suite struct NIOHPACKTests {
    /// Both decoders at the same place of a connection.
    private struct Pair {
        var ours = AppProtocols.HPACKDecoder()
        var theirs = NIOHPACK.HPACKDecoder(allocator: ByteBufferAllocator())

        /// What a decoder made of a block: names and values, or `nil` where it refuses.
        typealias Fields = [[String]]?

        init() { theirs.maxHeaderListSize = 1 << 20 }

        mutating func allow(tableSize: Int) {
            ours.tableSizeAllowed = tableSize
            theirs.maxDynamicTableLength = tableSize
        }

        mutating func decode(_ block: [UInt8]) -> (ours: Fields, theirs: Fields, refusal: (any Error)?) {
            var list = HeaderList()
            var progress = AppProtocols.HPACKDecoder.Progress()
            _ = ours.decode(
                block.span, isLast: true, into: &list, &progress, .init(listOctetsMax: 1 << 20, fieldsMax: 2_000))
            let isRefused = progress.isMalformed || progress.unknownFields > 0
            let fields = list.fields.map { field in
                [field.name, field.value].map { String(decoding: list.octets[$0.range], as: UTF8.self) }
            }
            do {
                var buffer = ByteBuffer(bytes: block)
                let headers = try theirs.decodeHeaders(from: &buffer)
                return (isRefused ? nil : fields, headers.map { [$0.name, $0.value] }, nil)
            } catch {
                return (isRefused ? nil : fields, nil, error)
            }
        }
    }

    /// What NIO refuses for reasons of its own: RFC 7541 allows a name without octets, and a decoder need not count
    /// the updates of the table's size (§ 4.2).
    private static func isPolicy(_ error: (any Error)?) -> Bool {
        error is NIOHPACKErrors.EmptyLiteralHeaderFieldName || error is NIOHPACKErrors.IllegalDynamicTableSizeChange
    }

    private static func randomFields(_ random: inout SeededRandom) -> [HPACKEncoder.Field] {
        let common = [("accept", "*/*"), ("content-type", "text/html"), (":status", "404"), ("x-", "")]
        return (0..<random.next(below: 20)).map { _ in
            if random.next(below: 4) == 0 {
                let (name, value) = common[random.next(below: common.count)]
                return HPACKEncoder.Field(name, value)
            }
            let value = String(repeating: "v\(random.next(below: 30))", count: random.next(below: 40))
            return HPACKEncoder.Field("x-\(random.next(below: 40))", value)
        }
    }

    /// Blocks of an encoder that uses every representation, with changes of the table's size.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func blocksOfOurEncoder(seed: UInt64) {
        var random = SeededRandom(seed)
        var encoder = HPACKEncoder()
        encoder.random = SeededRandom(seed + 1_000)
        var pair = Pair()
        pair.allow(tableSize: 65_536)
        for round in 0..<100 {
            let fields = Self.randomFields(&random)
            var block: [UInt8] = []
            if round % 13 == 0 { block += encoder.resize(to: [0, 90, 4_096, 20_000][random.next(below: 4)]) }
            block += encoder.encode(fields)
            let (ours, theirs, _) = pair.decode(block)
            #expect(ours == theirs && ours == fields.map { [$0.name, $0.value] }, "round \(round)")
        }
    }

    /// Blocks of NIO's own encoder.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func blocksOfNIOsEncoder(seed: UInt64) throws {
        var random = SeededRandom(seed)
        var encoder = NIOHPACK.HPACKEncoder(
            allocator: ByteBufferAllocator(), useHuffmanEncoding: seed.isMultiple(of: 2))
        var pair = Pair()
        for round in 0..<100 {
            let fields = Self.randomFields(&random)
            var buffer = ByteBuffer()
            try encoder.encode(headers: HPACKHeaders(fields.map { ($0.name, $0.value) }), to: &buffer)
            let (ours, theirs, _) = pair.decode(Array(buffer.readableBytesView))
            #expect(ours == theirs && ours == fields.map { [$0.name, $0.value] }, "round \(round)")
        }
    }

    /// Damaged blocks, at some place of a connection: what NIO accepts is read the same here, and what it refuses is
    /// said to be malformed, or holds fields that are marked as unknown.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func damagedBlocks(seed: UInt64) {
        var (accepted, refused) = (0, 0)
        for round in 0..<200 as Range<UInt64> {
            switch Self.isDamagedBlockAccepted(seed: seed * 200 + round) {
            case true?: accepted += 1
            case false?: refused += 1
            case nil: break
            }
        }
        // Of both there are many, so the comparison means something.
        #expect(accepted >= 40 && refused >= 40, "\(accepted) accepted, \(refused) refused")
    }

    /// - Returns: what NIO says of a damaged block, and both must say; `nil` where it has reasons of its own.
    private static func isDamagedBlockAccepted(seed: UInt64) -> Bool? {
        var random = SeededRandom(seed + 5_000)
        var encoder = HPACKEncoder()
        encoder.random = SeededRandom(seed + 9_000)
        var pair = Pair()
        for _ in 0..<random.next(below: 6) {
            let (ours, theirs, _) = pair.decode(encoder.encode(randomFields(&random)))
            #expect(ours == theirs && ours != nil)
        }
        var block = encoder.encode(randomFields(&random))
        guard !block.isEmpty else { return nil }
        for _ in 0...random.next(below: 3) {
            let at = random.next(below: block.count)
            switch random.next(below: 4) {
            case 0: block[at] = UInt8(random.next(below: 256))
            case 1: block[at] ^= 1 << UInt8(random.next(below: 8))
            case 2: block.insert(UInt8(random.next(below: 256)), at: at)
            default: block.removeSubrange(at..<min(block.count, at + 1 + random.next(below: 4)))
            }
            if block.isEmpty { return nil }
        }
        let (ours, theirs, refusal) = pair.decode(block)
        if isPolicy(refusal) { return nil }
        #expect(ours == theirs, "\(block), refused there for \(refusal.map { "\($0)" } ?? "nothing")")
        return theirs != nil
    }

    private static let folder = ProcessInfo.processInfo.environment["NETSPECTRA_VECTORS"]

    /// The stories of http2jp.
    @Test(.enabled(if: folder != nil, "NETSPECTRA_VECTORS is not set"))
    func stories() throws {
        let folder = URL(filePath: try #require(Self.folder)).appending(path: "hpack")
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        let files = (found?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "json" }
        var blocks = 0
        for file in files {
            let story = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
            var pair = Pair()
            for one in story?["cases"] as? [[String: Any]] ?? [] {
                guard let wire = one["wire"] as? String else { continue }
                if let size = one["header_table_size"] as? Int { pair.allow(tableSize: max(4_096, size)) }
                let digits = Array(wire)
                let block = stride(from: 0, to: digits.count - 1, by: 2).map {
                    UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0
                }
                let (ours, theirs, refusal) = pair.decode(block)
                #expect(ours == theirs && ours != nil, "\(file.path): \(refusal.map { "\($0)" } ?? "")")
                blocks += 1
            }
        }
        print("\(blocks) header blocks")
        #expect(blocks > 2_000)
    }
}
