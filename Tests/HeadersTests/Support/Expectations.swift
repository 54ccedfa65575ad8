import Headers
import PacketTestSupport
import Testing

func dissect(
    _ frame: [UInt8], _ linkType: LinkType = .ethernet, _ tunnels: TunnelMode = .outer, wireLength: Int? = nil
) -> Dissection {
    Dissector(tunnels: tunnels).dissect(
        frame.span, linkType: linkType, time: 0, wireLength: UInt32(wireLength ?? frame.count))
}

/// What names a flow.
struct FiveTuple: Equatable {
    var source: IPAddress, destination: IPAddress
    var number: IPProtocol
    var ports: [UInt16]

    init(_ source: IPAddress, _ destination: IPAddress, _ number: IPProtocol, _ ports: [UInt16] = [0, 0]) {
        self.source = source
        self.destination = destination
        self.number = number
        self.ports = ports
    }

    init(_ info: PacketInfo) {
        self.init(info.source, info.destination, info.protocol, [info.sourcePort, info.destinationPort])
    }

    /// The flow of `Packets.innerIP`.
    static let inner = FiveTuple(Packets.alice, Packets.bob, .tcp, [40_000, 443])
}

/// A frame whose innermost packet is `Packets.innerIP`: named by it with `.inner`, by `outer` with `.outer`, and
/// sensible when cut anywhere.
func expectTunnel(
    _ frame: [UInt8], _ linkType: LinkType = .ethernet, outer: FiveTuple, through layer: ProtocolLayer,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let outside = dissect(frame, linkType, .outer)
    #expect(outside.outcome == .flow, sourceLocation: sourceLocation)
    #expect(FiveTuple(outside.info) == outer, sourceLocation: sourceLocation)
    #expect(outside.path.layers.contains(layer), sourceLocation: sourceLocation)
    let inside = dissect(frame, linkType, .inner)
    #expect(
        FiveTuple(inside.info) == .inner, "stopped: \(String(describing: inside.stopped))",
        sourceLocation: sourceLocation)
    #expect(inside.info.tcpFlags == [.psh, .ack], sourceLocation: sourceLocation)
    #expect(inside.stopped == nil && inside.info.marks == [], sourceLocation: sourceLocation)
    expectSensiblePrefixes(frame, linkType, sourceLocation: sourceLocation)
}

/// A frame that carries `Packets.innerIP` without another IP header before it.
func expectCarried(
    _ frame: [UInt8], _ linkType: LinkType = .ethernet, path: [ProtocolLayer]? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let dissection = dissect(frame, linkType)
    #expect(
        dissection.outcome == .flow, "stopped: \(String(describing: dissection.stopped))",
        sourceLocation: sourceLocation)
    #expect(FiveTuple(dissection.info) == .inner, sourceLocation: sourceLocation)
    if let path { #expect(dissection.path.layers == path, sourceLocation: sourceLocation) }
    expectSensiblePrefixes(frame, linkType, sourceLocation: sourceLocation)
}

/// Every shorter capture of the frame: it says what it knows, and why it knows no more.
func expectSensiblePrefixes(
    _ frame: [UInt8], _ linkType: LinkType = .ethernet, sourceLocation: SourceLocation = #_sourceLocation
) {
    let outer = dissect(frame, linkType, .outer).info
    let inner = dissect(frame, linkType, .inner).info
    for mode in TunnelMode.allCases {
        var hadFlow = false
        for count in 0..<frame.count {
            let cut = dissect(Array(frame[..<count]), linkType, mode, wireLength: frame.count)
            let note: Comment = "cut to \(count) of \(frame.count), \(mode): \(cut)"
            #expect(cut.info.capturedLength == UInt32(count), note, sourceLocation: sourceLocation)
            switch cut.outcome {
            case .flow:
                hadFlow = true
                let isOuter = cut.info.source == outer.source && cut.info.destination == outer.destination
                let isInner = cut.info.source == inner.source && cut.info.destination == inner.destination
                #expect(isOuter || mode == .inner && isInner, note, sourceLocation: sourceLocation)
                let knowsPorts = cut.info.sourcePort != 0 || cut.info.destinationPort != 0
                let cannotKnow = cut.info.fragment == .later || !cut.info.protocol.hasPorts
                #expect(
                    knowsPorts || cannotKnow || cut.info.marks.contains(.portsCut), note, sourceLocation: sourceLocation
                )
                #expect(
                    cut.stopped != nil || cut.info.marks.isDisjoint(with: [.portsCut, .transportCut, .tunnelCut]),
                    note, sourceLocation: sourceLocation)
            case .truncated:
                #expect(!hadFlow && cut.stopped?.reason == .truncated, note, sourceLocation: sourceLocation)
            case .notIP, .malformed, .unknownLinkType:
                Issue.record(note, sourceLocation: sourceLocation)
            }
        }
    }
}
