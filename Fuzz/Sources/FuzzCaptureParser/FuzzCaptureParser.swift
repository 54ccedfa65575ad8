import CaptureFiles
import CaptureTestSupport

/// Any octets as a capture file: no trap, no hang, every frame inside its window (`ParsedCapture` checks that), and the
/// same frames, end and counts whether the parser sees the file at once or in pieces.
@c(LLVMFuzzerTestOneInput)
public func fuzzCaptureParser(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let file = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    let whole = ParsedCapture(file)
    // The pieces depend on the file, so that a finding repeats.
    var generator = SeededGenerator(seed: file.reduce(UInt64(file.count)) { ($0 ^ UInt64($1)) &* 0x0100_0000_01B3 })
    let longest = 1 << Int.random(in: 0...9, using: &generator)
    let capacity = Int.random(in: 1...8, using: &generator)
    let pieces = ParsedCapture(file, capacity: capacity) { _ in Int.random(in: 1...longest, using: &generator) }
    precondition(whole.frames == pieces.frames, "other frames in pieces")
    precondition(whole.stop == pieces.stop, "another end in pieces")
    precondition(whole.parser.statistics == pieces.parser.statistics, "other counts in pieces")
    precondition(whole.parser.interfaces == pieces.parser.interfaces, "other interfaces in pieces")
    precondition(whole.parser.sections == pieces.parser.sections, "other sections in pieces")
    precondition(whole.secrets == pieces.secrets, "other secrets in pieces")
    precondition(whole.blocks == pieces.blocks, "other blocks in pieces")
    precondition(whole.parser.statistics.frames == UInt64(whole.frames.count), "frames miscounted")
    return 0
}
