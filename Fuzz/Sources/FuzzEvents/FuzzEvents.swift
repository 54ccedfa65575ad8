import Events
import Octets

/// Any octets as one record, and as a record file: no trap, no hang; what decodes says the same after it was written
/// again, its texts cannot drive a terminal, and a file gives the same records at once and in pieces.
@c(LLVMFuzzerTestOneInput)
public func fuzzEvents(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    checkRecord(input)
    let whole = FileContents(input, piece: input.count)
    let pieces = FileContents(input, piece: Int(input.first ?? 0) % 61 + 1)
    precondition(whole == pieces, "other records in pieces")
    // The same octets behind a header that is right, so that mutations reach the records.
    var buffer = OctetBuffer()
    buffer.append(recordFileHeaderAt: 1)
    buffer.append(contentsOf: input.span)
    _ = FileContents([UInt8](buffer), piece: .max)
    return 0
}

private func checkRecord(_ octets: [UInt8]) {
    guard let read = try? EventRecord(octets.span) else { return }
    if case .unknown = read { return }
    var buffer = OctetBuffer()
    read.encode(into: &buffer)
    guard let again = try? EventRecord(buffer.octets) else { preconditionFailure("what was written is refused") }
    precondition(again == read, "another event after it was written")
    guard let event = read.event else { return }
    for text in [event.text, event.hex, event.baseInfo.uuidText] {
        precondition(text.unicodeScalars.allSatisfy(isHarmless), "a text that drives terminals")
    }
    let tuple = event.baseInfo.tupleText
    var info = BaseInfo()
    precondition(tuple.isEmpty || info.setTuple(text: Array(tuple.utf8).span), "a tuple that cannot be read")
    precondition(info.tupleText == tuple, "another tuple")
}

private func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\n" || scalar == "\t" || scalar.value >= 0x20 && !(0x7F..<0xA0 ~= scalar.value)
}

private struct FileContents: Equatable {
    var records: [EventRecord] = []
    var failures: [EventFailure] = []

    init(_ file: [UInt8], piece: Int) {
        var reader = RecordFileReader()
        var position = 0
        var end = 0
        repeat {
            end += min(piece, file.count - end)
            do throws(EventFailure) {
                let given = file.span.extracting(0..<end)
                while case .record(let range, _) = try reader.next(given, from: &position, isFinal: end == file.count) {
                    add(file, range)
                }
            } catch {
                precondition(error.offset >= 0 && error.offset <= file.count, "a failure outside the file")
                failures.append(error)
                return
            }
        } while end < file.count
        precondition(position == file.count, "octets that are neither read nor refused")
    }

    private mutating func add(_ file: [UInt8], _ range: Range<Int>) {
        do throws(EventFailure) {
            records.append(try EventRecord(file.span.extracting(range), at: Int64(range.lowerBound)))
        } catch {
            failures.append(error)
        }
    }
}
