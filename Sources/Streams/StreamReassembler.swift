import Events
import Headers
import Octets

/// Turns the packets of a capture into the ordered octets of its TCP connections.
///
/// It has no clock: all times are those of the packets. Octets that come in order go from the frame to the sink without
/// being copied; what comes out of order is copied and waits, within the bounds of `StreamSettings`, for what is
/// missing before it. Where that does not come, its place is marked with a gap. Of octets that come twice the first
/// copy wins.
///
/// What waits is never thrown away for memory or time: it is delivered behind a gap. Only what finds no
/// room to wait is dropped. `ledger` says what became of every octet.
public struct StreamReassembler: ~Copyable {
    let settings: StreamSettings
    private let dissector: Dissector
    var table = StreamTable()
    var backlogs = Backlogs()
    var pool: BlockPool
    var counters = StreamLedger()
    private var fragments: FragmentReassembler
    private var serials: UInt64 = 0

    /// A reassembled datagram may hold a tunnel whose packet is fragmented again; hostile ones end here.
    private static let nestingMax = 4

    public init(settings: StreamSettings = StreamSettings()) {
        self.settings = settings
        dissector = Dissector(tunnels: settings.tunnels)
        pool = BlockPool(octetsMax: settings.allWaitingOctetsMax)
        fragments = FragmentReassembler(settings)
    }

    /// What became of all frames and octets so far.
    public var ledger: StreamLedger { counters }
    public var fragmentLedger: FragmentLedger { fragments.ledger }
    /// Connections in the table, announced or not.
    public var connectionCount: Int { table.count }
    /// Octets of memory in which segments wait.
    public var waitingOctets: Int { pool.used * BlockPool.blockOctets }

    /// Takes a captured frame.
    ///
    /// - Parameters:
    ///   - frame: the captured octets, from the link header on.
    ///   - linkType: what the first header is.
    ///   - time: nanoseconds since 1970.
    ///   - wireLength: octets of the frame on the wire; tells cut packets from short ones.
    public mutating func receive<Sink: StreamSink & ~Copyable>(
        frame: Span<UInt8>, linkType: LinkType, time: Int64, wireLength: UInt32, to sink: inout Sink
    ) {
        counters.frames &+= 1
        var info = PacketInfo()
        if linkType == .ethernet, CommonPath.dissect(frame, into: &info) {
            if info.protocol == .tcp {
                let layers = CommonPath.layers(of: frame, info, wireLength: wireLength)
                if let segment = TCPSegment(frame, info, layers) {
                    counters.frameSegments &+= 1
                    accept(segment, frame.extracting(segment.payload), at: time, to: &sink)
                } else {
                    counters.damagedFrames &+= 1
                }
            } else {
                counters.otherFrames &+= 1
            }
        } else {
            takeUncommon(frame, linkType, time, wireLength, to: &sink)
        }
        expire(at: time, to: &sink)
    }

    private mutating func takeUncommon<Sink: StreamSink & ~Copyable>(
        _ frame: Span<UInt8>, _ linkType: LinkType, _ time: Int64, _ wireLength: UInt32, to sink: inout Sink
    ) {
        switch take(frame, linkType, time, wireLength, nesting: 0, to: &sink) {
        case .segment: counters.frameSegments &+= 1
        case .other: counters.otherFrames &+= 1
        case .damaged: counters.damagedFrames &+= 1
        case .fragment: counters.fragmentFrames &+= 1
        }
    }

    private enum Contents { case segment, other, damaged, fragment }

    /// Dissects a frame or a reassembled datagram, and follows what it carries.
    private mutating func take<Sink: StreamSink & ~Copyable>(
        _ frame: Span<UInt8>, _ linkType: LinkType, _ time: Int64, _ wireLength: UInt32, nesting: Int,
        to sink: inout Sink
    ) -> Contents {
        var layers = PacketLayers()
        let dissection = dissector.dissect(
            frame, linkType: linkType, time: time, wireLength: wireLength, layers: &layers)
        if let fragment = layers.fragment {
            guard mayCarryTCP(fragment), nesting < Self.nestingMax else { return .other }
            if fragments.take(fragment, frame.extracting(fragment.data), at: time) {
                takeDatagram(time, nesting: nesting, to: &sink)
            }
            return .fragment
        }
        switch dissection.outcome {
        case .flow: break
        case .notIP, .unknownLinkType: return .other
        case .truncated, .malformed: return .damaged
        }
        guard dissection.info.protocol == .tcp else { return .other }
        guard let segment = TCPSegment(frame, dissection.info, layers) else { return .damaged }
        accept(segment, frame.extracting(segment.payload), at: time, to: &sink)
        return .segment
    }

    /// A tunnel may be in any protocol; IPv6 has extension headers behind the fragment header.
    private func mayCarryTCP(_ fragment: IPFragment) -> Bool {
        settings.tunnels == .inner || fragment.protocol == .tcp || fragment.protocol.isIPv6Extension
    }

    private mutating func takeDatagram<Sink: StreamSink & ~Copyable>(
        _ time: Int64, nesting: Int, to sink: inout Sink
    ) {
        // Moved out, so that it can be read while the rest changes; moved back for its memory.
        var datagram: [UInt8] = []
        swap(&datagram, &fragments.whole)
        let contents = take(
            datagram.span, .raw, time, UInt32(clamping: datagram.count), nesting: nesting + 1, to: &sink)
        if contents == .segment {
            counters.datagramSegments &+= 1
        } else {
            counters.otherDatagrams &+= 1
        }
        swap(&datagram, &fragments.whole)
    }

    /// Ends all connections: the capture has no more. What waits is delivered behind gaps.
    ///
    /// Afterwards the reassembler is as it was at first, but for its ledger and the serial numbers it has given.
    public mutating func finish<Sink: StreamSink & ~Copyable>(to sink: inout Sink) {
        while table.lasting.head >= 0 { end(Int(table.lasting.head), .captureEnd, to: &sink) }
        while table.brief.head >= 0 { end(Int(table.brief.head), .captureEnd, to: &sink) }
        fragments.removeAll()
    }

    /// Tells the sink of a connection that is about to give its first data.
    ///
    /// - Parameter side: that of the end that is heard.
    mutating func announce<Sink: StreamSink & ~Copyable>(_ index: Int, speaker side: Int, to sink: inout Sink) {
        serials += 1
        table.entries[index].serial = serials
        table.entries[index].flags.insert(.announced)
        table.setBrief(index, table.entries[index].flags.contains(.reset))
        let key = table.entries[index].key
        var basis = StreamConnection.Basis.handshake
        if !table.entries[index].flags.contains(.openerKnown) {
            let byPorts = Self.openerByPorts(key.port(of: 0), key.port(of: 1))
            basis = byPorts == nil ? .firstHeard : .ports
            table.entries[index].setOpener(byPorts ?? side)
        }
        let opener = table.entries[index].openerSide
        counters.opened += 1
        sink.opened(
            StreamConnection(
                id: StreamID(serial: serials, slot: index), opener: key.address(of: opener),
                responder: key.address(of: 1 - opener), openerPort: key.port(of: opener),
                responderPort: key.port(of: 1 - opener), basis: basis, firstSeen: table.entries[index].firstSeen))
    }

    /// The side with the port that programs are given to call from (RFC 6335 § 6, and what Linux takes), where the
    /// other end's port is none: a system port, or else a registered one.
    static func openerByPorts(_ low: UInt16, _ high: UInt16) -> Int? {
        for limit in [UInt16(1024), 32768] where (low < limit) != (high < limit) { return low < limit ? 1 : 0 }
        return nil
    }

    func id(of index: Int) -> StreamID { StreamID(serial: table.entries[index].serial, slot: index) }

    func direction(_ index: Int, _ side: Int) -> Direction {
        table.entries[index].openerSide == side ? .sent : .received
    }
}
