import Events
import Flows
import Headers
import KernelIO
import Octets
import Streams
import TLS

/// Which TLS connections there are among the packets of an analysis, by what is public of them. Nothing is decrypted.
///
/// Streams are put together for it, which takes the packets in their order: one worker.
public final class TLSCensus: FrameObserver {
    /// Connections that are alike.
    public struct Group: Hashable, Sendable {
        /// `none` where the server's answer is not there.
        public var version = TLSVersion.none
        /// The host that the client asked for.
        public var serverName: String?
        /// What both ends agreed on, or where that is encrypted what the client offered first.
        public var applicationProtocol: String?
        public var cipherSuite: CipherSuite?
        public var ja3: String?
        public var ja4: String?
        public var certificateSubject: String?
    }

    private final class State {
        let collector = SummaryCollector()
        var reassembler: StreamReassembler
        var streams: TLSStreams
        var hasEnded = false

        init(_ settings: StreamSettings, connectionsMax: Int) {
            reassembler = StreamReassembler(settings: settings)
            streams = TLSStreams(before: StreamEvents(collector), keys: KeyLog(), connectionsMax: connectionsMax)
        }
    }

    private let state: Monitor<State>
    private let filter: PacketFilter?
    private let dissector: Dissector

    public init(tunnels: TunnelMode = .outer, filter: PacketFilter? = nil, connectionsMax: Int = 131_072) {
        var settings = StreamSettings()
        settings.tunnels = tunnels
        self.filter = filter
        dissector = Dissector(tunnels: tunnels)
        state = Monitor(State(settings, connectionsMax: connectionsMax))
    }

    public func take(_ frames: borrowing FrameBatch, worker: Int) {
        state.withLock { state in
            for index in 0..<frames.frames.count {
                let frame = frames.frames.span[index]
                let start = Int(frame.offset)
                let octets = frames.window.span.extracting(start..<start + Int(frame.capturedLength))
                let linkType = LinkType(rawValue: frame.linkType)
                if let filter {
                    let dissection = dissector.dissect(
                        octets, linkType: linkType, time: frame.time, wireLength: frame.wireLength)
                    guard filter.matches(dissection.info) else { continue }
                }
                state.reassembler.receive(
                    frame: octets, linkType: linkType, time: frame.time, wireLength: frame.wireLength,
                    to: &state.streams)
            }
        }
    }

    public func end(worker: Int) {
        state.withLock { state in
            guard !state.hasEnded else { return }
            state.hasEnded = true
            state.reassembler.finish(to: &state.streams)
        }
    }

    /// Groups with how many connections each has, the largest first; those that found no room are counted under no
    /// group.
    public var groups: (rows: [(group: Group, connections: UInt64)], others: UInt64) {
        let (counts, others) = state.withLock { $0.collector.counts }
        let rows = counts.map { (group: $0.key, connections: $0.value) }
        return (
            rows.sorted { a, b in
                a.connections != b.connections ? a.connections > b.connections : a.group.order < b.group.order
            }, others
        )
    }
}

extension TLSCensus.Group {
    fileprivate init(_ summary: TLSSummary) {
        version = summary.version
        serverName = summary.serverName
        // Up to TLS 1.2 the server says in the clear what it has chosen, or nothing.
        let isHidden = summary.version == .none || summary.version.rawValue >= TLSVersion.tls13.rawValue
        applicationProtocol = summary.applicationProtocol ?? (isHidden ? summary.offeredProtocols.first : nil)
        cipherSuite = summary.cipherSuite
        ja3 = summary.ja3
        ja4 = summary.ja4
        certificateSubject = summary.certificateSubject
    }

    /// The same order in every run.
    fileprivate var order: String {
        "\(serverName ?? "")\n\(version.rawValue)\n\(applicationProtocol ?? "")\n\(cipherSuite?.rawValue ?? 0)\n"
            + "\(ja4 ?? "")\n\(ja3 ?? "")\n\(certificateSubject ?? "")"
    }
}

/// Takes what is public of connections, and nothing else.
private final class SummaryCollector: EventEntrance {
    private static let groupsMax = 65_536
    private let groups: Monitor<(counts: [TLSCensus.Group: UInt64], others: UInt64)> = Monitor(([:], 0))

    func write(_ head: EventHead, _ payload: Span<UInt8>) -> EventProcessor.Answer {
        guard head.kind == .tls else { return .accepted }
        let group = TLSCensus.Group(TLSSummary(encoded: payload))
        groups.withLock { groups in
            if groups.counts.count < Self.groupsMax || groups.counts[group] != nil {
                groups.counts[group, default: 0] += 1
            } else {
                groups.others += 1
            }
        }
        return .accepted
    }

    var counts: (counts: [TLSCensus.Group: UInt64], others: UInt64) { groups.withLock { $0 } }
}
