import Events
import Flows
import Headers
import KernelIO
import Streams
import TLS

/// Feeds the TCP streams of a capture to an event processor: every connection's octets become events, in order, with
/// gaps marked. `sent` is what the connection's opener said; each event's tuple names the sender first.
public struct CaptureMessages: Sendable {
    public var streams: StreamSettings
    /// Which frames are followed at all; `nil`: all.
    public var filter: PacketFilter?
    /// Secrets of TLS connections, besides those in the capture.
    public var keys: KeyLog
    /// TLS connections followed at once; what others say is counted and not shown.
    public var tlsConnectionsMax = 131_072

    public init(streams: StreamSettings = StreamSettings(), filter: PacketFilter? = nil, keys: KeyLog = KeyLog()) {
        self.streams = streams
        self.filter = filter
        self.keys = keys
    }

    /// What became of the frames and of what they carry.
    public struct Outcome: Sendable {
        /// Frames read, and those that `filter` left out.
        public var frames: UInt64 = 0
        public var filteredFrames: UInt64 = 0
        public var streams = StreamLedger()
        public var fragments = FragmentLedger()
        public var tls = TLSLedger()
        /// Of the secrets in the capture and those besides.
        public var keys = KeyLog.Counts()

        fileprivate mutating func take(_ reassembler: borrowing StreamReassembler, _ sink: borrowing TLSStreams) {
            streams = reassembler.ledger
            fragments = reassembler.fragmentLedger
            tls = sink.ledger
            keys = sink.keyCounts
        }
    }

    /// Runs until the source ends, is stopped, or the processor wants no more.
    public func run(_ source: CaptureSource, into entrance: any EventEntrance) -> Outcome {
        var outcome = Outcome()
        var frames = FrameBatch()
        var reassembler = StreamReassembler(settings: streams)
        var sink = TLSStreams(before: StreamEvents(entrance), keys: keys, connectionsMax: tlsConnectionsMax)
        let dissector = Dissector(tunnels: streams.tunnels)
        while !sink.isClosed {
            switch source.next(&frames, cutsMade: 0, worker: 0) {
            case .cut, .idle: continue
            case .frames: sink.add(keys: source.takeSecrets())
            case .end:
                reassembler.finish(to: &sink)
                outcome.take(reassembler, sink)
                return outcome
            }
            let memory = sink.lend(&frames.window)
            let window = memory.span
            for index in 0..<frames.frames.count {
                let frame = frames.frames.span[index]
                let start = Int(frame.offset)
                let octets = window.extracting(start..<start + Int(frame.capturedLength))
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
            sink.endLending()
        }
        reassembler.finish(to: &sink)
        outcome.take(reassembler, sink)
        return outcome
    }
}
