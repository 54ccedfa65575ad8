import Events

/// One direction of an HTTP/2 connection: where its framing stands, and what its encoder said.
final class HTTP2Side {
    enum Phase {
        /// Nothing was seen yet.
        case start
        /// A frame header comes next.
        case header
        /// `remaining` octets of `frame` are to come.
        case payload
        /// Frames were lost sight of: looking for the next.
        case searching
    }

    let direction: Direction
    var phase = Phase.start
    /// The connection's first octets in this direction were seen, so its settings are known.
    var isFromStart = false
    var isClosed = false
    /// Streams with an unfinished message in this direction.
    var openMessages = 0

    // The frame being received.
    var frame = HTTP2FrameHeader()
    var frameTime: Int64 = 0
    var remaining = 0
    /// DATA: octets of padding among the remaining; -1: the octet that says so comes next.
    var padding = 0
    /// DATA, where frames are shown: what came of it without padding, up to the limit, and how much there was.
    var content: [UInt8] = []
    var contentLength: UInt64 = 0
    /// DATA, where octets are kept as captured: what came of the payload, padding included.
    var dataWire: [UInt8] = []
    /// DATA: its content cannot be told from padding.
    var isUnreadable = false
    /// The payload so far, of frames that are read as a whole.
    var payload: [UInt8] = []
    /// Octets of the frame's payload were lost, or left out for their number.
    var isCut = false

    // Header compression.
    var decoder = HPACKDecoder()
    /// A header block that goes on in the next frame.
    var block: HTTP2HeaderBlock?

    // What this end announced for the other direction.
    var tableSizeAnnounced = HPACKTable.initialSizeMax
    var frameLengthAnnounced = HTTP2FrameHeader.lengthMaxInitial

    /// Octets passed over in search of a frame, not shown yet.
    var skipped: [UInt8] = []
    var skippedTime: Int64 = 0

    init(_ direction: Direction) { self.direction = direction }

    var isSeen: Bool { phase != .start }

    /// Octets held of frames and header blocks, and those of the table.
    var heldOctets: Int {
        payload.count + content.count + dataWire.count + skipped.count + decoder.table.size
            + (block?.parts.countOctets() ?? 0)
    }

    /// Octets may be missing before what comes next.
    func forgetTable() { decoder.forget() }

    /// Gives memory back that is not needed while the connection is silent.
    func trim() {
        decoder.trim()
        if payload.isEmpty { payload = [] }
        if phase != .payload {
            content = []
            dataWire = []
        }
        if skipped.isEmpty { skipped = [] }
    }
}

/// A header block on its way through HEADERS or PUSH_PROMISE and CONTINUATION frames (RFC 9113 § 4.3).
final class HTTP2HeaderBlock {
    var parts = Parts()

    /// One value, so that what is done with a block takes one access to the object.
    struct Parts {
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

        /// Octets held. Mutating only in name: what is not is asked of a copy.
        mutating func countOctets() -> Int { list.heldOctets + rest.count + wire.count }

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
}
