import ContentCodings

/// Any octets as a compressed file, gzip or zstd by the first octet: no trap, no hang, and the same contents and end
/// whether the decompressor sees the file at once or in pieces.
@c(LLVMFuzzerTestOneInput)
public func fuzzStreamDecompressor(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard let selector = input.first else { return 0 }
    let compression: Compression = selector & 1 == 0 ? .gzip : .zstd
    let file = Array(input.dropFirst())
    let whole = Contents(compression, file, piece: file.count, room: 4096)
    let pieces = Contents(compression, file, piece: Int(selector >> 1) % 16 + 1, room: Int(selector >> 1) + 1)
    // A checksum or a cut may show at another output size; what was given before it must not differ.
    precondition(whole.octets == pieces.octets || whole.isLimited || pieces.isLimited, "other contents in pieces")
    precondition(whole.ending == pieces.ending || whole.isLimited || pieces.isLimited, "another end in pieces")
    return 0
}

/// A file decompressed to its end, or to a limit, as a few octets can expand to gigabytes.
private struct Contents {
    enum Ending: Equatable {
        case finished(hasTrailingGarbage: Bool)
        case failed(DecompressionFailure.Reason)
    }

    var octets: [UInt8] = []
    var ending = Ending.finished(hasTrailingGarbage: false)
    var isLimited = false

    init(_ compression: Compression, _ file: [UInt8], piece: Int, room: Int) {
        guard var decompressor = try? StreamDecompressor(compression) else { return }
        var start = 0
        var end = min(piece, file.count)
        while true {
            var consumed = 0
            var stop: StreamDecompressor.Stop?
            octets.append(addingCapacity: room) { output in
                do throws(DecompressionFailure) {
                    stop = try decompressor.decompress(
                        file.span.extracting(start..<end), isFinal: end == file.count, consumed: &consumed,
                        into: &output)
                } catch {
                    ending = .failed(error.reason)
                }
            }
            start += consumed
            switch stop {
            case .needsInput: end = min(file.count, end + piece)
            case .outputFull where octets.count > 1 << 18:
                isLimited = true
                return
            case .outputFull: break
            case .finished:
                ending = .finished(hasTrailingGarbage: decompressor.hasTrailingGarbage)
                return
            case nil: return
            }
        }
    }
}
