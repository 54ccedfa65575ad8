import AppProtocols
import Events

/// Any octets as header blocks of one connection: no trap, bounded work, and the same lists whether a block comes in
/// one frame or octet by octet in many.
///
/// The input is a list of blocks, each behind an octet with its length.
@c(LLVMFuzzerTestOneInput)
public func fuzzHPACK(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    var blocks: [[UInt8]] = []
    var at = 0
    while at < input.count {
        let count = min(Int(input[at]), input.count - at - 1)
        blocks.append(Array(input[(at + 1)..<(at + 1 + count)]))
        at += 1 + count
    }
    let whole = lists(blocks) { [$0] }
    let pieces = lists(blocks) { block in block.isEmpty ? [[]] : block.map { [$0] } }
    precondition(whole == pieces, "cutting a block changes its list")
    return 0
}

private func lists(_ blocks: [[UInt8]], _ cut: ([UInt8]) -> [[UInt8]]) -> [HeaderList] {
    let parser = HTTP2Parser(ParserContext(ParserSettings(), NoBodyTools()))
    let sink = ListSink()
    let arrival = Arrival(.received, time: 1, firstTime: 1)
    var wire: [UInt8] = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100]
    for (number, block) in blocks.enumerated() {
        let pieces = cut(block)
        for (index, piece) in pieces.enumerated() {
            let stream = UInt8(truncatingIfNeeded: number * 2 + 1)
            let flags: UInt8 = (index == pieces.count - 1 ? 4 : 0) | (index == 0 ? 1 : 0)
            wire += [
                0, 0, UInt8(piece.count), index == 0 ? 1 : 9, flags, 0, 0, UInt8(truncatingIfNeeded: number >> 7),
                stream,
            ]
            wire += piece
        }
    }
    let step = parser.receive(wire.span, arrival, to: sink)
    precondition(step.consumed == wire.count)
    return sink.lists
}

private final class ListSink: MessageSink {
    var lists: [HeaderList] = []
    func receive(_ message: borrowing Message) {
        lists.append(message.headers)
        lists.append(message.trailers)
    }
    func receive(_ transaction: borrowing Transaction) {}
    func count(_ malformation: Malformation, octets: UInt64) {}
}
