import AppProtocols
import ContentCodings
import Cryptography

/// The decompressors and the digest that parsers use, taken from the libraries. What a body is done with serves the
/// next one: making a decompressor costs more than a small body does.
///
/// One for each group of shards, and like the group used by one thread at a time: what it makes returns to it.
public struct ContentTools: BodyTools {
    private let pool = Pool()

    public init() {}

    public func makeDecoder(_ coding: ContentCoding) -> (any BodyDecoder)? {
        pool.takeDecompressor(BodyCoding(coding)).map { PooledDecoder($0, pool) }
    }

    public func makeDigest() -> any BodyDigest { PooledDigest(pool.takeDigest(), pool) }
}

/// What is idle, ready for the next body.
private final class Pool {
    /// By `BodyCoding.rawValue`.
    private var decompressors = [[BodyDecompressor]](repeating: [], count: BodyCoding.allCases.count)
    private var digests: [SHA256Digest] = []

    /// More than this of one coding are given back to the system.
    private static let idleMax = 16
    /// zstd's windows can be much larger than the bodies that use them: few of those are kept.
    private static let largeOctets = 1 << 20
    private static let idleLargeMax = 2

    func takeDecompressor(_ coding: BodyCoding) -> BodyDecompressor? {
        decompressors[Int(coding.rawValue)].popLast() ?? (try? BodyDecompressor(coding))
    }

    func put(_ decompressor: BodyDecompressor) {
        let index = Int(decompressor.coding.rawValue)
        let idleMax = decompressor.memoryOctets > Self.largeOctets ? Self.idleLargeMax : Self.idleMax
        guard decompressors[index].count < idleMax, (try? decompressor.reset()) != nil else { return }
        decompressors[index].append(decompressor)
    }

    func takeDigest() -> SHA256Digest { digests.popLast() ?? SHA256Digest() }

    func put(_ digest: SHA256Digest) {
        guard digests.count < Self.idleMax else { return }
        digest.reset()
        digests.append(digest)
    }
}

/// Returns its decompressor when nobody holds it any more.
private final class PooledDecoder: BodyDecoder {
    private let decompressor: BodyDecompressor
    private let pool: Pool

    init(_ decompressor: BodyDecompressor, _ pool: Pool) {
        self.decompressor = decompressor
        self.pool = pool
    }

    deinit { pool.put(decompressor) }

    var hasEnded: Bool { decompressor.hasEnded }

    func decode(_ input: Span<UInt8>, into output: inout OutputSpan<UInt8>) throws(BodyDecodingFailure) -> Int {
        do throws(DecompressionFailure.Reason) {
            return try decompressor.decompress(input, into: &output)
        } catch {
            throw BodyDecodingFailure(error)
        }
    }

    func endMessage() throws(BodyDecodingFailure) {
        do throws(DecompressionFailure.Reason) {
            try decompressor.endMessage()
        } catch {
            throw BodyDecodingFailure(error)
        }
    }
}

private final class PooledDigest: BodyDigest {
    private let digest: SHA256Digest
    private let pool: Pool

    init(_ digest: SHA256Digest, _ pool: Pool) {
        self.digest = digest
        self.pool = pool
    }

    deinit { pool.put(digest) }

    func update(_ octets: Span<UInt8>) { digest.update(octets) }
    func finish() -> [UInt8] { digest.finish() }
}

extension BodyCoding {
    fileprivate init(_ coding: ContentCoding) {
        self =
            switch coding {
            case .gzip: .gzip
            case .deflate: .deflate
            case .br: .brotli
            case .zstd: .zstd
            case .permessageDeflate: .messageDeflate
            }
    }
}

extension BodyDecodingFailure {
    fileprivate init(_ reason: DecompressionFailure.Reason) {
        self = reason == .outOfMemory ? .outOfMemory : .corrupt
    }
}
