import Flows
import IPFIX
import Octets

/// A whole file in memory, as its writer would put it on disk.
struct IPFIXFile {
    var messages: [[UInt8]] = []

    var octets: [UInt8] { messages.flatMap { $0 } }

    init(messages: [[UInt8]]) { self.messages = messages }

    init(
        _ task: FlowTask, domain: UInt32 = 1, time: Int64 = 0, rows: [FlowRecord], other: FlowRecord? = nil,
        evictedFlows: UInt64 = 0, pairs: [ProcessPair]? = nil, processes: ProcessNumbers? = nil
    ) {
        var encoder = IPFIXEncoder(task: task, domain: domain, time: time, processes: processes)
        for (index, row) in rows.enumerated() {
            append(&encoder) { $0.append(row, process: pairs?[index] ?? ProcessPair()) }
        }
        if let other { append(&encoder) { $0.append(other: other, evictedFlows: evictedFlows) } }
        append(&encoder) { $0.appendEnd() }
        close(&encoder)
    }

    private mutating func append(_ encoder: inout IPFIXEncoder, _ body: (inout IPFIXEncoder) -> Bool) {
        if body(&encoder) { return }
        close(&encoder)
        encoder.openMessage()
        precondition(body(&encoder), "an empty message has room for any record")
    }

    private mutating func close(_ encoder: inout IPFIXEncoder) {
        encoder.closeMessage()
        let message = encoder.message
        messages.append(message.indices.map { message[$0] })
    }

    func decode() throws(IPFIXFailure) -> IPFIXDecoder {
        var decoder = IPFIXDecoder()
        var offset = 0
        for message in messages {
            try decoder.decode(message.span, at: offset)
            offset += message.count
        }
        try decoder.finish(at: offset)
        return decoder
    }
}
