import Flows
import IPFIX

/// Any octets as a `.dat` file: no trap, no hang, no more rows than the octets allow; and a file that is read without
/// complaint says the same after it was written again.
@c(LLVMFuzzerTestOneInput)
public func fuzzIPFIX(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let file = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard let read = decode(file) else { return 0 }
    guard let task = read.task, let record = read.taskRecord else { preconditionFailure("no task in a whole file") }
    precondition(read.rows.count <= size / 34, "more rows than octets allow")
    precondition(read.processes == nil || read.processPairs.count == read.rows.count, "rows of nobody")
    guard let again = decode(encode(read, task, record)) else { preconditionFailure("what was written is refused") }
    precondition(again.task == read.task && again.taskRecord == read.taskRecord, "another task")
    precondition(again.rows == read.rows, "other rows")
    precondition(again.processes == read.processes && again.processPairs == read.processPairs, "other processes")
    precondition(again.other == read.other && again.evictedFlows == read.evictedFlows, "another row of evicted flows")
    return 0
}

private func decode(_ file: [UInt8]) -> IPFIXDecoder? {
    var decoder = IPFIXDecoder()
    var offset = 0
    do throws(IPFIXFailure) {
        while offset < file.count {
            let rest = file.span.extracting(offset..<file.count)
            let length = try IPFIXDecoder.messageOctets(header: rest, at: offset)
            try decoder.decode(rest.extracting(0..<min(length, rest.count)), at: offset)
            offset += length
        }
        try decoder.finish(at: offset)
    } catch {
        precondition(error.offset >= 0 && error.offset <= file.count, "a failure outside the file")
        return nil
    }
    return decoder
}

private func encode(_ read: IPFIXDecoder, _ task: FlowTask, _ record: TaskRecord) -> [UInt8] {
    var encoder = IPFIXEncoder(
        task: task, domain: record.domain, time: record.time, processes: read.processes)
    var file: [UInt8] = []
    for (index, row) in read.rows.enumerated() {
        let process = read.processes == nil ? ProcessPair() : read.processPairs[index]
        append(&encoder, to: &file) { $0.append(row, process: process) }
    }
    if let other = read.other {
        append(&encoder, to: &file) { $0.append(other: other, evictedFlows: read.evictedFlows) }
    }
    append(&encoder, to: &file) { $0.appendEnd() }
    flush(&encoder, to: &file)
    return file
}

private func append(_ encoder: inout IPFIXEncoder, to file: inout [UInt8], _ body: (inout IPFIXEncoder) -> Bool) {
    if body(&encoder) { return }
    flush(&encoder, to: &file)
    encoder.openMessage()
    precondition(body(&encoder), "an empty message has no room")
}

private func flush(_ encoder: inout IPFIXEncoder, to file: inout [UInt8]) {
    encoder.closeMessage()
    let message = encoder.message
    for index in message.indices { file.append(message[index]) }
}
