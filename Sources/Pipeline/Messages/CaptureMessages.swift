import Events
import Flows
import Headers
import KernelIO
import Streams

/// Feeds the TCP streams of a capture to an event processor: every connection's octets become events, in order, with
/// gaps marked. `sent` is what the connection's opener said; each event's tuple names the sender first.
public struct CaptureMessages: Sendable {
    public var streams: StreamSettings
    /// Which frames are followed at all; `nil`: all.
    public var filter: PacketFilter?

    public init(streams: StreamSettings = StreamSettings(), filter: PacketFilter? = nil) {
        self.streams = streams
        self.filter = filter
    }

    /// What became of the frames and of what they carry.
    public struct Outcome: Sendable {
        /// Frames read, and those that `filter` left out.
        public var frames: UInt64 = 0
        public var filteredFrames: UInt64 = 0
        public var streams = StreamLedger()
        public var fragments = FragmentLedger()
    }

    /// Runs until the source ends, is stopped, or the processor wants no more.
    public func run(_ source: CaptureSource, into entrance: any EventEntrance) -> Outcome {
        var outcome = Outcome()
        var frames = FrameBatch()
        var reassembler = StreamReassembler(settings: streams)
        var sink = StreamEvents(entrance)
        let dissector = Dissector(tunnels: streams.tunnels)
        while !sink.isClosed {
            switch source.next(&frames, cutsMade: 0) {
            case .cut: continue
            case .frames: break
            case .end:
                reassembler.finish(to: &sink)
                outcome.streams = reassembler.ledger
                outcome.fragments = reassembler.fragmentLedger
                return outcome
            }
            for index in 0..<frames.frames.count {
                let frame = frames.frames.span[index]
                let start = Int(frame.offset)
                let octets = frames.window.span.extracting(start..<start + Int(frame.capturedLength))
                let linkType = LinkType(rawValue: frame.linkType)
                outcome.frames += 1
                if let filter {
                    let dissection = dissector.dissect(
                        octets, linkType: linkType, time: frame.time, wireLength: frame.wireLength)
                    guard filter.matches(dissection.info) else {
                        outcome.filteredFrames += 1
                        continue
                    }
                }
                reassembler.receive(
                    frame: octets, linkType: linkType, time: frame.time, wireLength: frame.wireLength, to: &sink)
            }
        }
        reassembler.finish(to: &sink)
        outcome.streams = reassembler.ledger
        outcome.fragments = reassembler.fragmentLedger
        return outcome
    }
}

/// Makes events of what a reassembler tells.
private struct StreamEvents: StreamSink, ~Copyable {
    private let entrance: any EventEntrance
    /// By `StreamID.slot`.
    private var heads: [EventHead] = []
    /// The processor takes no more events.
    private(set) var isClosed = false

    init(_ entrance: any EventEntrance) { self.entrance = entrance }

    mutating func opened(_ connection: StreamConnection) {
        while heads.count <= connection.id.slot { heads.append(EventHead()) }
        var head = EventHead()
        // 0 would mean that the socket is not known.
        head.sock = connection.id.serial + 1
        head.source = connection.opener
        head.sourcePort = connection.openerPort
        head.destination = connection.responder
        head.destinationPort = connection.responderPort
        heads[connection.id.slot] = head
    }

    mutating func data(_ octets: Span<UInt8>, _ direction: Direction, of stream: StreamID, at time: Int64) {
        // An event holds as much as a record may.
        var start = 0
        while start < octets.count {
            let end = min(start + DataRecordView.dataOctetsMax, octets.count)
            write(.data, direction, stream, time, octets.extracting(start..<end))
            start = end
        }
    }

    mutating func gap(_ gap: StreamGap, _ direction: Direction, of stream: StreamID, at time: Int64) {
        write(.gap, direction, stream, time, Span(), missing: gap.octets.map { UInt64($0) } ?? EventHead.unknown)
    }

    mutating func closed(_ direction: Direction, of stream: StreamID, at time: Int64) {
        write(.closed, direction, stream, time, Span())
    }

    mutating func reset(by direction: Direction, of stream: StreamID, at time: Int64) {}

    mutating func ended(_ end: StreamEnd, of stream: StreamID, at time: Int64) {
        write(.destroyed, .sent, stream, time, Span())
    }

    private mutating func write(
        _ kind: EventHead.Kind, _ direction: Direction, _ stream: StreamID, _ time: Int64, _ octets: Span<UInt8>,
        missing: UInt64 = 0
    ) {
        var head = heads[stream.slot]
        head.kind = kind
        head.direction = direction
        head.time = time
        head.missing = missing
        if direction == .received {
            swap(&head.source, &head.destination)
            swap(&head.sourcePort, &head.destinationPort)
        }
        if entrance.write(head, octets) == .closed { isClosed = true }
    }
}
