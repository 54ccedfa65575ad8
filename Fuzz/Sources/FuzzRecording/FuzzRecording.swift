import Events
import Octets

/// Any octets as a JSON Lines recording: no trap, no hang, no line read twice or left out, and the same events at once
/// and in pieces.
@c(LLVMFuzzerTestOneInput)
public func fuzzRecording(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    let whole = Events(input, piece: input.count)
    precondition(whole == Events(input, piece: Int(input.first ?? 0) % 61 + 1), "other events in pieces")
    let ends = UInt64(input.count { $0 == 0x0A })
    let lines = input.isEmpty || input.last == 0x0A ? ends : ends + 1
    precondition(whole.lines == lines, "lines miscounted")
    scan(input)
    return 0
}

private struct Events: Equatable {
    struct Data: Equatable {
        let info: BaseInfo
        let version: TLSVersion
        let payload: [UInt8]
    }

    var items: [RecordingReader.Item] = []
    var data: [Data] = []
    var failures: [RecordingFailure] = []
    var lines: UInt64 = 0

    init(_ file: [UInt8], piece: Int) {
        var reader = RecordingReader()
        var position = 0
        var end = 0
        repeat {
            end += min(piece, file.count - end)
            while read(file.span.extracting(0..<end), from: &position, isFinal: end == file.count, &reader) {}
        } while end < file.count
        precondition(position == file.count, "octets that are no line")
        lines = reader.lines
    }

    private mutating func read(
        _ given: Span<UInt8>, from position: inout Int, isFinal: Bool, _ reader: inout RecordingReader
    ) -> Bool {
        let start = position
        do throws(RecordingFailure) {
            guard let item = try reader.next(given, from: &position, isFinal: isFinal) else { return false }
            items.append(item)
            if item == .data {
                data.append(Data(info: reader.info, version: reader.tlsVersion, payload: reader.payload))
            }
        } catch {
            precondition(error.line == reader.lines && error.column >= 1, "a failure outside the file")
            failures.append(error)
        }
        precondition(position > start, "a line without octets")
        return true
    }
}

/// The scanner takes every octet once and keeps to its limits.
private func scan(_ text: [UInt8]) {
    var scanner = JSONScanner(text.span)
    var opened = 0
    do throws(JSONFailure) {
        var last = 0
        while true {
            let token = try scanner.next()
            precondition(scanner.position >= last && scanner.depth <= JSONScanner.depthMax)
            last = scanner.position
            switch token {
            case .beginArray, .beginObject: opened += 1
            case .endArray, .endObject: opened -= 1
            case .string(let range, true), .name(let range, true):
                _ = JSONString.unescaped(text.span.extracting(range))
            case .end:
                precondition(opened == 0 && scanner.position == text.count, "an end inside the text")
                return
            default: break
            }
            precondition(opened == scanner.depth)
        }
    } catch {
        precondition(0...text.count ~= error.position, "a failure outside the text")
    }
}
