import TLS

/// Any octets as a key log: no trap, every line counted at most once, and the same however the octets are cut.
@c(LLVMFuzzerTestOneInput)
public func fuzzKeyLog(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    let whole = read(input, piece: max(input.count, 1))
    let pieces = read(input, piece: 1 + Int(input.first ?? 0) % 7)
    precondition(whole.counts == pieces.counts && whole.connectionCount == pieces.connectionCount, "a cut shows")
    let counts = whole.counts
    let lines = UInt64(input.split { $0 == 0x0A || $0 == 0x0D }.count)
    precondition(counts.preMaster <= counts.unused + counts.malformed)
    precondition(
        counts.secrets + counts.conflicting + counts.repeated + counts.unused + counts.malformed + counts.tooMany
            <= lines, "more than there are lines")
    precondition(UInt64(whole.connectionCount) <= counts.secrets && whole.isEmpty == (counts.secrets == 0))
    return 0
}

private func read(_ input: [UInt8], piece: Int) -> KeyLog {
    var log = KeyLog()
    for start in stride(from: 0, to: input.count, by: piece) {
        log.append(input.span.extracting(start..<min(start + piece, input.count)))
    }
    log.finish()
    return log
}
