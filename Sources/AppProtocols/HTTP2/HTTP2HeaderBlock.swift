import Events

/// A header block on its way through HEADERS or PUSH_PROMISE and CONTINUATION frames (RFC 9113 § 4.3).
struct HTTP2HeaderBlock {
    var streamID: UInt32 = 0
    /// PUSH_PROMISE: the stream promised; else 0.
    var promisedID: UInt32 = 0
    var isEndStream = false
    var time: Int64 = 0
    var list = HeaderList()
    var progress = HPACKDecoder.Progress()
    /// The start of a field whose end is in the next frame.
    var rest: [UInt8] = []
    /// Decoding `rest` is tried again from this length on, so that small pieces cost no more than large ones.
    var restTriedAt = 0
    /// Why the list is not all there was.
    var notes: [MessageNote] = []
    /// The frames as they were, where that is kept.
    var wire: [UInt8] = []

    /// - Precondition: it is new or reset.
    mutating func begin(
        _ frame: HTTP2FrameHeader, _ promisedID: UInt32?, isPromisedWrong: Bool, at time: Int64
    ) {
        streamID = frame.streamID
        isEndStream = frame.type != .pushPromise && frame.isEndStream
        self.time = time
        self.promisedID = promisedID ?? 0
        if isPromisedWrong { notes.append(.malformed(.frameContent)) }
    }

    /// Octets held. Inlined, for it would be called on a copy of all.
    @inline(__always) var heldOctets: Int { list.heldOctets + rest.count + wire.count }

    func addNotes(to message: inout Message) {
        for note in notes {
            switch note {
            case .malformed where !progress.isStopped: message.note(note)
            default: message.markIncomplete(note)
            }
        }
    }

    mutating func reset() {
        promisedID = 0
        isEndStream = false
        list.removeAll()
        progress.reset()
        if !rest.isEmpty { rest.removeAll(keepingCapacity: rest.capacity <= 16_384) }
        restTriedAt = 0
        if !notes.isEmpty { notes.removeAll(keepingCapacity: true) }
        if !wire.isEmpty { wire.removeAll(keepingCapacity: wire.capacity <= 16_384) }
    }
}
