import ContentCodings

/// Any octets as a coded body, the coding by the first octet: no trap, no hang, the same contents and end whether the
/// decompressor sees the body at once or in pieces, and the same again after a reset.
@c(LLVMFuzzerTestOneInput)
public func fuzzContentCodings(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard let selector = input.first.map(Int.init) else { return 0 }
    let coding = BodyCoding.allCases[selector % BodyCoding.allCases.count]
    let variant = selector / BodyCoding.allCases.count
    let body = Array(input.dropFirst())
    guard let decompressor = try? BodyDecompressor(coding) else { return 0 }
    let whole = Contents(decompressor, body, piece: max(1, body.count), room: 4096)
    guard (try? decompressor.reset()) != nil else { return 0 }
    let pieces = Contents(decompressor, body, piece: variant % 7 + 1, room: variant + 1)
    if whole.isLimited || pieces.isLimited { return 0 }
    precondition(whole.hasFailed == pieces.hasFailed, "another end in pieces")
    // Of what Brotli decoded in a call that fails the library gives nothing.
    if coding == .brotli, whole.hasFailed {
        precondition(pieces.octets.starts(with: whole.octets), "other contents in pieces")
    } else {
        precondition(whole.octets == pieces.octets, "other contents in pieces")
        precondition(whole.hasEnded == pieces.hasEnded, "another end in pieces")
    }
    return 0
}

/// A body decoded to its end, or to a limit, as a few octets can expand to gigabytes.
private struct Contents {
    var octets: [UInt8] = []
    var hasFailed = false
    var hasEnded = false
    var isLimited = false

    init(_ decompressor: BodyDecompressor, _ body: [UInt8], piece: Int, room: Int) {
        var start = 0
        while start < body.count {
            let end = min(body.count, start + piece)
            var isFull = false
            repeat {
                var taken = 0
                octets.append(addingCapacity: room) { output in
                    do throws(DecompressionFailure.Reason) {
                        taken = try decompressor.decompress(body.span.extracting(start..<end), into: &output)
                        isFull = output.isFull
                    } catch {
                        hasFailed = true
                    }
                }
                if hasFailed { return }
                precondition(taken > 0 || isFull || start == end, "it stands still")
                start += taken
                isLimited = octets.count > 1 << 18
                if isLimited { return }
            } while start < end || isFull
        }
        hasFailed = (try? decompressor.endMessage()) == nil
        hasEnded = decompressor.hasEnded
    }
}
