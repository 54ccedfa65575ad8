import Events
import Octets

/// Frames other than DATA, and frames as messages of their own.
extension HTTP2Connection {
    /// Takes a whole frame; less of it where `side.isCut`.
    mutating func receiveFrame(
        _ payload: Span<UInt8>, _ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) {
        switch side.frame.type {
        case .headers, .pushPromise: return receiveHeaders(payload, &side, arrival, to: sink)
        case .continuation: return receiveContinuation(payload, &side, arrival, to: sink)
        default: break
        }
        if side.isCut {
            if context.settings.showsFrames { showFrame(payload, side, arrival, to: sink) }
            return
        }
        if let malformation = Self.malformation(of: side.frame, payload) {
            return reject(payload, malformation, side, arrival, to: sink)
        }
        if context.settings.showsFrames { showFrame(payload, side, arrival, to: sink) }
        switch side.frame.type {
        case .settings: receiveSettings(payload, side.direction)
        case .resetStream: receiveReset(side.frame.streamID, payload.bigEndian32(at: 0), arrival, to: sink)
        case .goAway:
            receiveGoAway(
                payload.bigEndian32(at: 0) & 0x7FFF_FFFF, payload.bigEndian32(at: 4), side.direction, arrival, to: sink)
        default: break
        }
    }

    /// What rule a frame breaks (§ 6.3 ... § 6.9).
    private static func malformation(of frame: HTTP2FrameHeader, _ payload: Span<UInt8>) -> Malformation? {
        let isOnStream = frame.streamID != 0
        switch frame.type {
        case .priority:
            if !isOnStream { return .frameStream }
            return frame.length == 5 ? nil : .frameSize
        case .resetStream:
            if !isOnStream { return .frameStream }
            return frame.length == 4 ? nil : .frameSize
        case .settings:
            if isOnStream { return .frameStream }
            let isRight = frame.isAcknowledgement ? frame.length == 0 : frame.length % 6 == 0
            return isRight ? settingsMalformation(payload) : .frameSize
        case .ping:
            if isOnStream { return .frameStream }
            return frame.length == 8 ? nil : .frameSize
        case .goAway:
            if isOnStream { return .frameStream }
            return frame.length >= 8 ? nil : .frameSize
        case .windowUpdate:
            guard frame.length == 4 else { return .frameSize }
            return payload.bigEndian32(at: 0) & 0x7FFF_FFFF == 0 ? .frameContent : nil
        default: return nil
        }
    }

    /// § 6.5.2.
    private static func settingsMalformation(_ payload: Span<UInt8>) -> Malformation? {
        for at in stride(from: 0, to: payload.count, by: 6) {
            let value = payload.bigEndian32(at: at + 2)
            switch payload.bigEndian16(at: at) {
            case 2 where value > 1: return .frameContent
            case 4 where value >> 31 != 0: return .frameContent
            case 5 where !(16_384..<(1 << 24) ~= value): return .frameContent
            default: break
            }
        }
        return nil
    }

    /// What an end announces bounds the other: the larger of all it announced, since when a smaller one counts from
    /// is not known exactly.
    private mutating func receiveSettings(_ payload: Span<UInt8>, _ direction: Direction) {
        for at in stride(from: 0, to: payload.count, by: 6) {
            let value = Int(payload.bigEndian32(at: at + 2))
            switch payload.bigEndian16(at: at) {
            case 1: ends[direction].tableSizeAnnounced = max(ends[direction].tableSizeAnnounced, value)
            case 5:
                ends[direction].frameLengthAnnounced = max(ends[direction].frameLengthAnnounced, value)
            default: break
            }
        }
    }

    // MARK: Frames as messages

    /// A frame breaks a rule: it is shown for itself, whether frames are asked for or not, and the next one is read.
    mutating func reject(
        _ payload: Span<UInt8>, _ malformation: Malformation, _ side: borrowing HTTP2Side, _ arrival: Arrival,
        to sink: any MessageSink
    ) {
        sink.count(malformation, octets: UInt64(HTTP2FrameHeader.octetCount + side.frame.length))
        showFrame(payload, side, arrival, malformation: malformation, to: sink)
    }

    func showsFrame(isRejected: Bool) -> Bool { isRejected || context.settings.showsFrames }

    /// Gives the frame as a message: its payload without padding, as it came. Of DATA that is `side.content`.
    mutating func showFrame(
        _ payload: Span<UInt8>, _ side: borrowing HTTP2Side, _ arrival: Arrival, malformation: Malformation? = nil,
        to sink: any MessageSink
    ) {
        var message = frameMessage ?? Message()
        frameMessage = nil
        let frame = side.frame
        message.reset(.http2Frame, side.direction, at: side.frameTime)
        message.endTime = arrival.time
        message.version = 20
        message.streamID = frame.streamID
        message.code = frame.type.rawValue
        message.flags = frame.flags
        message.body.length = UInt64(frame.length)
        if side.isCut { message.markIncomplete(.gap(octets: nil)) }
        if let malformation { message.markIncomplete(.malformed(malformation)) }
        if frame.type == .data {
            message.body.octets.append(contentsOf: side.content.span)
            message.body.decodedLength = side.contentLength
        } else {
            let content = malformation == nil ? Self.content(of: frame, payload) : payload
            message.body.octets.append(
                contentsOf: content.extracting(0..<min(content.count, context.settings.bodyOctetsMax)))
            message.body.decodedLength = UInt64(content.count)
        }
        if !message.body.isKeptWhole { message.note(.bodyLimited(shown: UInt64(message.body.octets.count))) }
        if context.settings.keepsWire {
            frame.append(to: &message.wire)
            message.wire.append(contentsOf: payload.extracting(0..<min(payload.count, context.settings.wireOctetsMax)))
            if frame.type == .data { message.wire += side.dataWire }
            message.wire.removeLast(max(0, message.wire.count - context.settings.wireOctetsMax))
        }
        sink.receive(message)
        frameMessage = message
    }

    /// A payload without padding and the octet that tells its length (§ 6.2, § 6.6). It may be cut.
    @_lifetime(copy payload)
    private static func content(of frame: HTTP2FrameHeader, _ payload: Span<UInt8>) -> Span<UInt8> {
        guard frame.type == .headers || frame.type == .pushPromise, frame.isPadded, !payload.isEmpty else {
            return payload
        }
        let end = min(payload.count, frame.length - Int(payload[0]))
        return payload.extracting(1..<max(1, end))
    }
}
