import Events
import Octets

/// Header blocks: HEADERS, PUSH_PROMISE and CONTINUATION (RFC 9113 § 4.3, § 6.2, § 6.6, § 6.10).
extension HTTP2Connection {
    private var limits: HPACKDecoder.Limits {
        .init(listOctetsMax: context.settings.headOctetsMax, fieldsMax: context.settings.headerFieldsMax)
    }

    /// Takes a HEADERS or PUSH_PROMISE frame.
    mutating func receiveHeaders(
        _ payload: Span<UInt8>, _ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) {
        let frame = side.frame
        let isPromise = frame.type == .pushPromise
        let peer = ends[side.direction.opposite]
        side.decoder.tableSizeAllowed = peer.isFromStart ? peer.tableSizeAnnounced : nil
        var start = 0
        var padding = 0
        if frame.isPadded, !payload.isEmpty {
            padding = Int(payload[0])
            start = 1
        }
        let promisedAt = start
        if isPromise { start += 4 } else if frame.hasPriority { start += 5 }
        let end = frame.length - padding
        guard start <= end, !frame.isPadded || frame.length > 0, frame.streamID != 0 else {
            // Where the block starts or ends cannot be told, or whose it is: the table is unknown behind it.
            side.forgetTable()
            reject(payload, start <= end ? .frameStream : .framePadding, side, arrival, to: sink)
            return
        }
        let promisedID =
            isPromise && payload.count >= promisedAt + 4 ? payload.bigEndian32(at: promisedAt) & 0x7FFF_FFFF : nil
        let isPromisedWrong = promisedID.map { $0 & 1 == 1 || $0 == 0 } ?? false
        if isPromisedWrong { sink.count(.frameContent, octets: 4) }
        let fragment = payload.extracting(min(start, payload.count)..<min(end, payload.count))
        var block = context.http2.takeBlock()
        block.begin(frame, promisedID, isPromisedWrong: isPromisedWrong, at: side.frameTime)
        receive(fragment: fragment, of: payload, &block, &side, arrival, to: sink)
        if frame.isEndHeaders { context.http2.give(&block) } else { side.block = block }
    }

    mutating func receiveContinuation(
        _ payload: Span<UInt8>, _ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) {
        guard side.block?.streamID == side.frame.streamID, var block = side.block.take() else {
            // The block it goes on with was not seen. That breaks a rule only where everything was.
            abandonBlock(&side, .malformed(.frameOrder), arrival, to: sink)
            let isExpected = side.decoder.table.sizeMax == nil
            side.forgetTable()
            if !isExpected { reject(payload, .frameOrder, side, arrival, to: sink) }
            return
        }
        receive(fragment: payload, of: payload, &block, &side, arrival, to: sink)
        if side.frame.isEndHeaders { context.http2.give(&block) } else { side.block = block }
    }

    /// Takes a frame's part of a block, and finishes it with the last.
    private mutating func receive(
        fragment: Span<UInt8>, of payload: Span<UInt8>, _ block: inout HTTP2HeaderBlock, _ side: inout HTTP2Side,
        _ arrival: Arrival, to sink: any MessageSink
    ) {
        if context.settings.keepsWire, block.wire.count + payload.count < context.settings.wireOctetsMax {
            side.frame.append(to: &block.wire)
            block.wire.append(contentsOf: payload)
        }
        let isLast = side.frame.isEndHeaders
        decode(fragment, isLast: isLast && !side.isCut, &block, &side)
        if side.isCut {
            // Octets of the block are missing: what follows in it cannot be aligned.
            if !block.progress.isStopped { block.notes.append(.gap(octets: nil)) }
            block.progress.isStopped = true
            side.forgetTable()
        }
        if showsFrame(isRejected: false) {
            showFrame(payload, side, arrival, to: sink)
        }
        if isLast { finish(&block, side, arrival, to: sink) }
    }

    /// Decodes as much of the block as is there.
    private mutating func decode(
        _ fragment: Span<UInt8>, isLast: Bool, _ block: inout HTTP2HeaderBlock, _ side: inout HTTP2Side
    ) {
        guard !block.progress.isStopped else { return }
        if block.rest.isEmpty {
            let used = side.decoder.decode(fragment, isLast: isLast, into: &block.list, &block.progress, limits)
            guard used < fragment.count else { return }
            block.rest.append(contentsOf: fragment.extracting(used...))
            block.restTriedAt = 2 * block.rest.count
        } else {
            block.rest.append(contentsOf: fragment)
            guard isLast || block.rest.count >= block.restTriedAt else { return limitRest(&block, &side) }
            var rest: [UInt8] = []
            swap(&rest, &block.rest)
            let used = side.decoder.decode(rest.span, isLast: isLast, into: &block.list, &block.progress, limits)
            rest.removeSubrange(0..<used)
            swap(&rest, &block.rest)
            block.restTriedAt = 2 * block.rest.count
        }
        limitRest(&block, &side)
    }

    /// A field larger than any list may be is not waited for.
    private mutating func limitRest(_ block: inout HTTP2HeaderBlock, _ side: inout HTTP2Side) {
        guard block.rest.count > context.settings.headOctetsMax else { return }
        block.progress.listOctets += block.rest.count
        block.progress.fieldsLeftOut += 1
        block.progress.isStopped = true
        block.rest = []
        side.forgetTable()
    }

    /// The block will not end: what is there of it is shown.
    mutating func abandonBlock(
        _ side: inout HTTP2Side, _ note: MessageNote, _ arrival: Arrival, to sink: any MessageSink
    ) {
        guard var block = side.block.take() else { return }
        side.forgetTable()
        block.notes.append(note)
        block.isEndStream = false
        finish(&block, side, arrival, to: sink)
        context.http2.give(&block)
    }

    /// The list is there: it begins or ends a message.
    private mutating func finish(
        _ block: inout HTTP2HeaderBlock, _ side: borrowing HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) {
        if block.progress.unknownFields > 0 { block.notes.append(.unknownFields(block.progress.unknownFields)) }
        if block.progress.fieldsLeftOut > 0 {
            // Of octets, or of fields before that.
            let limit = min(block.progress.listOctets, context.settings.headOctetsMax)
            block.notes.append(.headLimited(octets: UInt64(limit)))
            sink.count(.headerListTooLarge, octets: 0)
        }
        if block.progress.isMalformed {
            block.notes.append(.malformed(.headerBlock))
            sink.count(.headerBlock, octets: 0)
        }
        if block.promisedID != 0 {
            receivePromise(&block, side.direction, arrival, to: sink)
        } else {
            receiveList(&block, side.direction, arrival, to: sink)
        }
        block.reset()
    }
}
