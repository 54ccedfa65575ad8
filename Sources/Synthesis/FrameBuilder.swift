import Headers
import Octets

/// Writes frames. Headers are written whole, then cut; of the payload only what is captured is copied, but its checksum
/// is that of the whole.
struct FrameBuilder: Sendable {
    private let snapLength: Int
    /// Random octets that payloads are cut from.
    private let payloads: [UInt8]
    /// Kept between packets, so that the options' array is not allocated for each.
    private var timestamps: [UInt8] = [1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0]

    /// MSS 1460, SACK permitted, timestamps, NOP, window scale 7.
    private static let handshake: [UInt8] = [2, 4, 5, 0xB4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7]
    private static let payloadOctetsMax = 1_500
    private static let frameOctetsMin = 60
    private static let client = MACAddress(rawValue: 0x0211_2233_4455)
    private static let server = MACAddress(rawValue: 0x0211_2233_4466)

    init(snapLength: Int, _ random: inout RandomSource) {
        self.snapLength = snapLength
        var octets: [UInt8] = []
        while octets.count < 1 << 16 + Self.payloadOctetsMax { octets.appendBigEndian(random.next()) }
        payloads = octets
    }

    /// Appends a frame; gives its length on the wire.
    mutating func append(
        _ shape: PacketShape, of flow: inout SyntheticFlow, at nanoseconds: UInt64, _ random: inout RandomSource,
        to out: inout [UInt8]
    ) -> Int {
        let start = out.count
        let truth = flow.truth
        ethernet(truth.tunnel == nil ? truth.source.family : .v4, vlan: truth.vlan, shape.isBackward, &out)
        if let tunnel = truth.tunnel { encapsulate(tunnel, shape, &flow, &out) }
        let payloadStart = Int(random.number(0...65_535)) & ~1  // even, as checksums add whole words
        let headerStart = out.count
        packet(shape, &flow, nanoseconds, payloadStart, &out)
        let wireLength = headerStart - start + shape.packetLength
        let captured = min(snapLength, wireLength)
        if out.count - start > captured {
            out.removeLast(out.count - start - captured)
        } else {
            let missing = captured - (out.count - start)
            out.append(contentsOf: payloads[payloadStart..<payloadStart + missing])
        }
        // Ethernet pads short frames; the padding is no part of the packet.
        while out.count - start < min(Self.frameOctetsMin, snapLength) { out.append(0) }
        return max(wireLength, Self.frameOctetsMin)
    }

    private func ethernet(_ family: IPFamily, vlan: UInt16, _ isBackward: Bool, _ out: inout [UInt8]) {
        let type: EtherType = family == .v6 ? .ipv6 : .ipv4
        EthernetFields(
            destination: isBackward ? Self.client : Self.server, source: isBackward ? Self.server : Self.client,
            type: vlan == 0 ? type : .vlan
        ).emit(into: &out)
        if vlan != 0 { VLANFields(identifier: vlan, type: type).emit(into: &out) }
    }

    /// The outer headers.
    private func encapsulate(
        _ tunnel: SyntheticTunnel, _ shape: PacketShape, _ flow: inout SyntheticFlow, _ out: inout [UInt8]
    ) {
        let inner = flow.truth.source.family
        let header = Self.tunnelHeaderOctets(tunnel.kind)
        let ends = shape.isBackward ? (tunnel.destination, tunnel.source) : (tunnel.source, tunnel.destination)
        var outer = IPv4Fields(
            source: UInt32(truncatingIfNeeded: ends.0.low), destination: UInt32(truncatingIfNeeded: ends.1.low),
            protocol: tunnel.outerProtocol(of: inner))
        outer.identification = UInt16(truncatingIfNeeded: flow.sent)
        outer.emit(into: &out, payloadLength: header + shape.packetLength)
        switch tunnel.kind {
        case .vxlan:
            // «The UDP checksum field SHOULD be transmitted as zero» (RFC 7348 § 5), so the emitter, which computes
            // one, does not fit.
            out.appendBigEndian(tunnel.sourcePort)
            out.appendBigEndian(UInt16(4_789))
            out.appendBigEndian(UInt16(header + shape.packetLength))
            out.appendBigEndian(UInt16(0))
            VXLANFields(identifier: 42).emit(into: &out)
            ethernet(inner, vlan: 0, shape.isBackward, &out)
        case .gre:
            // Without a checksum the payload does not matter.
            GREFields(protocolType: inner == .v6 ? .ipv6 : .ipv4)
                .emit(into: &out, payload: payloads.span.extracting(first: 0))
        case .ipInIP: break
        }
    }

    private static func tunnelHeaderOctets(_ kind: SyntheticTunnel.Kind) -> Int {
        switch kind {
        case .vxlan: 8 + 8 + 14
        case .gre: 4
        case .ipInIP: 0
        }
    }

    /// The network and transport header.
    private mutating func packet(
        _ shape: PacketShape, _ flow: inout SyntheticFlow, _ nanoseconds: UInt64, _ payloadStart: Int,
        _ out: inout [UInt8]
    ) {
        let truth = flow.truth
        let ends = shape.isBackward ? (truth.destination, truth.source) : (truth.source, truth.destination)
        let networkOctets = truth.source.family == .v6 ? IPv6View.byteCount : IPv4View.byteCountMin
        network(ends, shape, &flow, transportLength: shape.packetLength - networkOctets, &out)
        let transportOctets = truth.protocol == .tcp ? TCPView.byteCountMin + shape.options.rawValue : 8
        let payloadLength = shape.packetLength - networkOctets - transportOctets
        if shape.options == .timestamps { stamp(UInt32(truncatingIfNeeded: nanoseconds / 1_000_000)) }
        let payload = payloads.span.extracting(payloadStart..<payloadStart + payloadLength)
        let ports =
            shape.isBackward
            ? (truth.destinationPort, truth.sourcePort) : (truth.sourcePort, truth.destinationPort)
        switch truth.protocol {
        case .tcp: tcp(ports, ends, shape, &flow, payload, &out)
        case .udp:
            UDPFields(sourcePort: ports.0, destinationPort: ports.1)
                .emit(into: &out, payload: payload, source: ends.0, destination: ends.1)
        case .icmpv6:
            // Echo request and reply (RFC 4443 § 4.1, § 4.2).
            ICMPFields(type: shape.isBackward ? 129 : 128, rest: flow.sent / 2)
                .emit(into: &out, payload: payload, source: ends.0, destination: ends.1)
        default: ICMPFields(type: shape.isBackward ? 0 : 8, rest: flow.sent / 2).emit(into: &out, payload: payload)
        }
    }

    private func network(
        _ ends: (IPAddress, IPAddress), _ shape: PacketShape, _ flow: inout SyntheticFlow, transportLength: Int,
        _ out: inout [UInt8]
    ) {
        let timeToLive = shape.isBackward ? flow.backward.timeToLive : flow.forward.timeToLive
        if ends.0.family == .v6 {
            var header = IPv6Fields(source: ends.0, destination: ends.1, nextHeader: flow.truth.protocol)
            header.hopLimit = timeToLive
            header.emit(into: &out, payloadLength: transportLength)
            return
        }
        var header = IPv4Fields(
            source: UInt32(truncatingIfNeeded: ends.0.low), destination: UInt32(truncatingIfNeeded: ends.1.low),
            protocol: flow.truth.protocol)
        header.timeToLive = timeToLive
        header.dontFragment = true
        if shape.isBackward {
            header.identification = flow.backward.identification
            flow.backward.identification &+= 1
        } else {
            header.identification = flow.forward.identification
            flow.forward.identification &+= 1
        }
        header.emit(into: &out, payloadLength: transportLength)
    }

    private func tcp(
        _ ports: (UInt16, UInt16), _ ends: (IPAddress, IPAddress), _ shape: PacketShape, _ flow: inout SyntheticFlow,
        _ payload: Span<UInt8>, _ out: inout [UInt8]
    ) {
        var header = TCPFields(sourcePort: ports.0, destinationPort: ports.1, flags: shape.flags)
        let own = shape.isBackward ? flow.backward.sequence : flow.forward.sequence
        header.sequenceNumber = own
        if shape.flags.contains(.ack) {
            header.acknowledgmentNumber = shape.isBackward ? flow.forward.sequence : flow.backward.sequence
        }
        header.window = 0xFAF0
        switch shape.options {
        case .none: break
        case .handshake: header.options = Self.handshake
        case .timestamps: header.options = timestamps
        }
        header.emit(into: &out, payload: payload, source: ends.0, destination: ends.1)
        // SYN and FIN take a number each (RFC 9293 § 3.4).
        let taken = UInt32(payload.count) + (shape.flags.isDisjoint(with: [.syn, .fin]) ? 0 : 1)
        if shape.isBackward {
            flow.backward.sequence = own &+ taken
        } else {
            flow.forward.sequence = own &+ taken
        }
    }

    /// Both timestamps in milliseconds since the start.
    private mutating func stamp(_ milliseconds: UInt32) {
        for index in 0..<4 {
            let octet = UInt8(truncatingIfNeeded: milliseconds >> UInt32(24 - 8 * index))
            timestamps[4 + index] = octet
            timestamps[8 + index] = octet
        }
    }
}
