import Flows
import IPFIX

/// Any octets as the messages of an exporter: no trap, no hang, no more flows than the octets allow; and flows that are
/// read without complaint are the same after they were sent again.
@c(LLVMFuzzerTestOneInput)
public func fuzzFlowMessages(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let stream = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard let read = decode(stream), let directions = read.directions else { return 0 }
    precondition(read.flows.count <= size / 58, "more flows than octets allow")
    // A flow without packets is one that an exporter which tells directions apart does not send.
    let flows = read.flows.filter { directions == .together || $0.forward.packets > 0 }
    guard let again = decode(encode(flows, directions, domain: read.domain ?? 0)) else {
        preconditionFailure("what was written is refused")
    }
    precondition(again.flows == flows, "other flows")
    precondition(again.directions == directions && again.domain == read.domain, "another session")
    precondition(again.missingRecords == 0, "messages are numbered wrongly")
    return 0
}

private func decode(_ stream: [UInt8]) -> FlowMessageDecoder? {
    var decoder = FlowMessageDecoder()
    var offset = 0
    do throws(IPFIXFailure) {
        while offset < stream.count {
            let rest = stream.span.extracting(offset..<stream.count)
            let length = try IPFIXDecoder.messageOctets(header: rest, at: offset)
            try decoder.decode(rest.extracting(0..<min(length, rest.count)), at: offset)
            offset += length
        }
    } catch {
        precondition(error.offset >= 0 && error.offset <= stream.count, "a failure outside the stream")
        return nil
    }
    return decoder
}

private func encode(_ flows: [MeteredFlow], _ directions: FlowDirections, domain: UInt32) -> [UInt8] {
    var encoder = FlowMessageEncoder(directions: directions, domain: domain)
    var stream: [UInt8] = []
    encoder.openMessage(at: 0, withTemplates: true)
    for flow in flows where !encoder.append(flow) {
        flush(&encoder, to: &stream)
        encoder.openMessage(at: 0, withTemplates: false)
        precondition(encoder.append(flow), "an empty message has no room")
    }
    flush(&encoder, to: &stream)
    return stream
}

private func flush(_ encoder: inout FlowMessageEncoder, to stream: inout [UInt8]) {
    encoder.closeMessage()
    precondition(encoder.message.count <= FlowMessageEncoder.datagramOctetsMax, "too long for a datagram")
    let message = encoder.message
    for index in message.indices { stream.append(message[index]) }
}
