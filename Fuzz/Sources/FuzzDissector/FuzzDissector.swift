import Headers
import PacketTestSupport

/// Any octets as a frame of any known link type, the first octet choosing it: no trap, both tunnel modes walk the same
/// headers, the outer flow does not depend on what follows its ports, and the common path agrees.
@c(LLVMFuzzerTestOneInput)
public func fuzzDissector(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard let selector = input.first else { return 0 }
    let linkType = SampleFrame.linkTypes[Int(selector) % SampleFrame.linkTypes.count]
    let frame = Array(input.dropFirst())
    let outer = dissect(frame, linkType, .outer)
    let inner = dissect(frame, linkType, .inner)
    precondition(outer.path == inner.path && outer.outcome == inner.outcome && outer.stopped == inner.stopped)
    for dissection in [outer, inner] { check(dissection, frame.count) }
    if outer.outcome == .flow, outer.info.protocol.hasPorts { checkIndependence(frame, linkType, outer) }
    if linkType == .ethernet { checkCommonPath(frame, outer) }
    return 0
}

private func dissect(_ frame: [UInt8], _ linkType: LinkType, _ tunnels: TunnelMode) -> Dissection {
    Dissector(tunnels: tunnels).dissect(frame.span, linkType: linkType, time: 0, wireLength: UInt32(frame.count))
}

private func check(_ dissection: Dissection, _ count: Int) {
    let info = dissection.info
    precondition((dissection.outcome == .flow) == (info.source.family != .none), "a flow has addresses")
    precondition(info.source.family == info.destination.family, "of one family")
    precondition(
        info.fragment != .later || info.sourcePort == 0 && info.destinationPort == 0, "ports in a later fragment")
    precondition(
        info.protocol.hasPorts || info.sourcePort == 0 && info.destinationPort == 0, "ports without a protocol")
    precondition(dissection.outcome != .unknownLinkType, "the link type is known")
    if let stopped = dissection.stopped {
        precondition(stopped.offset >= 0 && Int(stopped.offset) <= count, "stopped outside the frame")
    } else {
        precondition(dissection.outcome != .truncated && dissection.outcome != .malformed, "stopped without a reason")
    }
}

/// Changes one octet after the other from the end: the first change that matters to the tuple must lie in the ports or
/// before them, so the octets behind any occurrence of the ports in the last 64 are free.
private func checkIndependence(_ frame: [UInt8], _ linkType: LinkType, _ outer: Dissection) {
    guard let end = endOfPorts(frame, outer.info) else { return }
    var changed = frame
    for index in end..<frame.count { changed[index] ^= 0xA5 }
    let other = dissect(changed, linkType, .outer).info
    precondition(
        other.source == outer.info.source && other.destination == outer.info.destination
            && other.protocol == outer.info.protocol && other.sourcePort == outer.info.sourcePort
            && other.destinationPort == outer.info.destinationPort && other.vlan == outer.info.vlan,
        "the outer flow depends on its payload")
}

/// Behind the last place where the ports' octets stand: whichever is the header's, it is not behind this one.
private func endOfPorts(_ frame: [UInt8], _ info: PacketInfo) -> Int? {
    guard info.fragment != .later, info.sourcePort != 0 || info.destinationPort != 0, frame.count >= 4 else {
        return nil
    }
    for index in stride(from: frame.count - 4, through: 0, by: -1) {
        let source = UInt16(frame[index]) << 8 | UInt16(frame[index + 1])
        let destination = UInt16(frame[index + 2]) << 8 | UInt16(frame[index + 3])
        if source == info.sourcePort, destination == info.destinationPort { return index + 4 }
    }
    return nil
}

private func checkCommonPath(_ frame: [UInt8], _ outer: Dissection) {
    var info = PacketInfo(wireLength: UInt32(frame.count), capturedLength: UInt32(frame.count))
    guard CommonPath.dissect(frame.span, into: &info) else { return }
    precondition(outer.outcome == .flow && outer.info == info, "the common path disagrees")
}
