import Octets

/// One frame being taken apart: where the next header lies, what it is, and what the headers so far said.
///
/// A protocol is one file: its view, and an extension of `Walk` with a step that reads the header at `offset`, moves
/// `offset` behind it and sets `next`. The loop in `run` is the only place that steps are called from, so nesting
/// costs no stack and ends after `Dissector.headersMax` headers.
///
/// - Invariant: `0 <= offset <= end <= frame.count`, so `rest(of:)` cannot trap.
struct Walk {
    let tunnels: TunnelMode
    var next = NextHeader.end
    var offset = 0
    /// Where the captured octets of the enclosing packet end.
    private(set) var end: Int
    /// Where the enclosing packet ends on the wire, as its length fields say: `end` or behind it.
    private(set) var wireEnd: Int

    var info: PacketInfo
    var path = LayerPath()
    var layers = PacketLayers()
    var stopped: DecodeFailure?
    /// Where addresses stand, if that is asked for.
    var places: [AddressPlace]?
    /// `info` holds the addresses of an IP header.
    private(set) var hasKey = false
    /// The header at `offset` belongs to the packet that names the flow, so its ports do, too.
    var isKeyOpen = false
    /// 802.11 headers are padded to a multiple of four octets, as radiotap announced.
    var hasPaddedHeaders = false

    init(tunnels: TunnelMode, capturedLength: Int, time: Int64, wireLength: UInt32) {
        self.tunnels = tunnels
        end = capturedLength
        // Some captures claim fewer octets on the wire than they hold; what is there counts.
        wireEnd = max(capturedLength, Int(wireLength))
        info = PacketInfo(time: time, wireLength: wireLength, capturedLength: UInt32(clamping: capturedLength))
    }

    /// The captured octets from the next header to the end of the enclosing packet.
    @inline(always) @_lifetime(copy frame)
    func rest(of frame: Span<UInt8>) -> Span<UInt8> { frame.extracting(offset..<end) }

    /// Octets from the next header to the end of the enclosing packet on the wire.
    var wireRest: Int { wireEnd - offset }

    /// Moves behind a header of `count` octets, or to the end where fewer are captured.
    @inline(always) mutating func skip(_ count: Int) { offset = min(offset + max(count, 0), end) }

    /// Applies a length field: the enclosing packet ends `length` octets after `offset`, if that is nearer.
    @inline(always) mutating func limit(to length: Int) {
        wireEnd = min(wireEnd, offset + max(length, 0))
        end = min(end, wireEnd)
    }

    /// A layer without anything further to look at.
    @inline(always) mutating func finish(_ layer: ProtocolLayer) {
        path.append(layer)
        next = .end
    }

    /// Adopts an IP header as the one that names the flow, unless the outermost is wanted and known.
    @inline(always)
    mutating func adopt(
        _ source: IPAddress, _ destination: IPAddress, _ protocol: IPProtocol, _ fragment: FragmentState
    ) {
        guard !hasKey || tunnels == .inner else {
            isKeyOpen = false
            return
        }
        hasKey = true
        isKeyOpen = true
        info.source = source
        info.destination = destination
        info.protocol = `protocol`
        info.sourcePort = 0
        info.destinationPort = 0
        info.tcpFlags = []
        info.fragment = fragment
        info.marks = fragment == .later ? .laterFragment : []
        layers.transport = -1
    }

    /// Takes headers apart until one ends the frame, fails, or is one too many.
    mutating func run(_ frame: Span<UInt8>) {
        var remaining = Dissector.headersMax
        while true {
            if case .end = next { return }
            guard remaining > 0 else {
                fail(DecodeFailure(.link, .tooDeep, at: offset, needed: Dissector.headersMax))
                return
            }
            remaining -= 1
            do throws(DecodeFailure) {
                try step(frame)
            } catch {
                fail(error)
                return
            }
        }
    }

    private mutating func fail(_ failure: DecodeFailure) {
        stopped = failure
        if failure.reason != .truncated { path.append(.malformed) }
        guard hasKey else { return }
        if failure.reason != .truncated {
            info.marks.insert(.malformedAbove)
        } else if isKeyOpen, info.protocol.hasPorts, !failure.isBehindPorts {
            info.marks.insert(.portsCut)
        } else if isKeyOpen, failure.layer.isTransport {
            info.marks.insert(.transportCut)
        } else {
            info.marks.insert(.tunnelCut)
        }
    }

    var dissection: Dissection {
        Dissection(info: info, outcome: outcome, path: path, stopped: stopped)
    }

    private var outcome: Dissection.Outcome {
        if hasKey { return .flow }
        guard let stopped else { return .notIP }
        return stopped.reason == .truncated ? .truncated : .malformed
    }
}

extension DecodeFailure {
    /// The ports were there when the header failed.
    var isBehindPorts: Bool { layer.isTransport && available >= PortsView.byteCount }
}

extension DecodeFailure.Layer {
    /// A header above IP that ends the walk rather than carrying another packet.
    var isTransport: Bool {
        switch self {
        case .tcp, .udp, .udpLite, .sctp, .dccp, .icmp, .icmpv6, .igmp: true
        default: false
        }
    }
}
