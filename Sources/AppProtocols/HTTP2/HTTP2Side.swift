import Events

/// One direction of an HTTP/2 connection: where its framing stands, and what its encoder said.
struct HTTP2Side: ~Copyable {
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

    /// Octets passed over in search of a frame, not shown yet.
    var skipped: [UInt8] = []
    var skippedTime: Int64 = 0

    init(_ direction: Direction) { self.direction = direction }

    /// Something waits in it for what comes next.
    var isWaiting: Bool { block != nil || !skipped.isEmpty }

    /// Octets held of frames and header blocks, and those of the table.
    var heldOctets: Int {
        payload.count + content.count + dataWire.count + skipped.count + decoder.table.size
            + (block?.heldOctets ?? 0)
    }

    /// A frame begins: its header is there.
    mutating func begin(_ header: HTTP2FrameHeader, at time: Int64, _ context: ParserContext) {
        frame = header
        frameTime = time
        remaining = header.length
        isCut = false
        phase = .payload
        guard header.type == .data else { return }
        isUnreadable = false
        padding = header.isPadded && header.length > 0 ? -1 : 0
        // These two are filled where frames or octets are shown only.
        if context.settings.showsFrames {
            content.removeAll(keepingCapacity: content.capacity <= 16_384)
            contentLength = 0
        }
        if context.settings.keepsWire { dataWire.removeAll(keepingCapacity: dataWire.capacity <= 16_384) }
    }

    /// Octets may be missing before what comes next.
    mutating func forgetTable() { decoder.forget() }

    /// Gives memory back that is not needed while the connection is silent.
    mutating func trim() {
        decoder.trim()
        if payload.isEmpty { payload = [] }
        if phase != .payload {
            content = []
            dataWire = []
        }
        if skipped.isEmpty { skipped = [] }
    }
}

/// What each direction's end has said and done so far, as far as it matters to both.
struct HTTP2Ends {
    struct End {
        /// Something of it was seen.
        var isSeen = false
        /// The connection's first octets in this direction were seen, so its settings are known.
        var isFromStart = false
        var isClosed = false
        /// Streams with an unfinished message in this direction.
        var openMessages = 0

        // What this end announced for the other direction.
        var tableSizeAnnounced = HPACKTable.initialSizeMax
        var frameLengthAnnounced = HTTP2FrameHeader.lengthMaxInitial
    }

    private var sent = End()
    private var received = End()

    subscript(direction: Direction) -> End {
        @inline(__always) get { direction == .sent ? sent : received }
        @inline(__always) _modify {
            if direction == .sent { yield &sent } else { yield &received }
        }
    }
}
