import Headers

/// A flow being generated: who talks, what is left to send, and where each direction's counters stand.
struct SyntheticFlow: Sendable {
    var truth: FlowTruth
    /// Packets to send in all.
    var planned: UInt32 = 1
    var sent: UInt32 = 0
    var forward: Direction
    var backward: Direction
    /// Most data flows towards the initiator, as it does for most clients.
    var dataComesBack: Bool

    /// What one end remembers between its packets.
    struct Direction: Sendable {
        var sequence: UInt32
        var identification: UInt16
        var timeToLive: UInt8
    }
}

/// Invents flows whose five-tuples differ, in either direction.
struct FlowInventor {
    private let options: TrafficOptions
    private let clients: UInt32
    private let servers: UInt32
    private var taken: Set<UInt64> = []

    init(_ options: TrafficOptions) {
        self.options = options
        // Each client has about eight flows, each server about forty.
        clients = UInt32(options.flows / 8 + 200)
        servers = UInt32(options.flows / 40 + 100)
        taken.reserveCapacity(options.flows)
    }

    mutating func flow(_ random: inout RandomSource) -> SyntheticFlow {
        while true {
            let truth = truth(&random)
            guard truth.source != truth.destination, taken.insert(FlowInventor.identity(truth)).inserted else {
                continue
            }
            return SyntheticFlow(
                truth: truth, forward: direction(&random, hops: 40...64), backward: direction(&random, hops: 40...120),
                dataComesBack: random.isWithin(0.75))
        }
    }

    private func direction(_ random: inout RandomSource, hops: ClosedRange<UInt32>) -> SyntheticFlow.Direction {
        SyntheticFlow.Direction(
            sequence: UInt32(truncatingIfNeeded: random.next()),
            identification: UInt16(truncatingIfNeeded: random.next()),
            timeToLive: UInt8(random.number(hops)))
    }

    /// 85 % TCP, 14 % UDP, 1 % ICMP.
    private func truth(_ random: inout RandomSource) -> FlowTruth {
        let isV6 = random.isWithin(options.ipv6Share)
        let draw = random.number(0...99)
        let kind: IPProtocol = draw < 85 ? .tcp : draw < 99 ? .udp : isV6 ? .icmpv6 : .icmp
        let client = RandomSource.mix(UInt64(random.number(0...(clients - 1))) &* 2 &+ options.seed &* 7_919)
        let server = RandomSource.mix(UInt64(random.number(0...(servers - 1))) &* 2 &+ 1 &+ options.seed &* 7_919)
        var truth = FlowTruth(
            source: FlowInventor.address(client, isV6), destination: FlowInventor.address(server, isV6), protocol: kind)
        switch kind {
        case .tcp:
            truth.sourcePort = anyPort(&random)
            truth.destinationPort = port(FlowInventor.tcpPorts, share: 0.8, &random)
        case .udp:
            truth.sourcePort = anyPort(&random)
            truth.destinationPort = port(FlowInventor.udpPorts, share: 0.6, &random)
        default: break
        }
        if random.isWithin(options.vlanShare) { truth.vlan = UInt16(random.number(1...4_094)) }
        if random.isWithin(options.tunnelShare) { truth.tunnel = tunnel(truth, &random) }
        return truth
    }

    private static let tcpPorts: [UInt16] = [443, 443, 443, 443, 80, 80, 22, 25, 993, 8_080]
    private static let udpPorts: [UInt16] = [443, 443, 443, 123, 3_478, 51_820]
    /// Ports that mean a tunnel to a dissector: a plain flow must not use them by chance.
    private static let tunnelPorts: Set<UInt16> = [
        1_701, 2_152, 3_544, 4_341, 4_754, 4_789, 4_790, 5_247, 6_081, 6_635, 8_472,
    ]

    private func port(_ known: [UInt16], share: Double, _ random: inout RandomSource) -> UInt16 {
        if random.isWithin(share) { return known[Int(random.number(0...UInt32(known.count - 1)))] }
        return anyPort(&random)
    }

    private func anyPort(_ random: inout RandomSource) -> UInt16 {
        var port = UInt16(random.number(1_024...65_535))
        while FlowInventor.tunnelPorts.contains(port) { port += 1 }  // none of them is near 65,535
        return port
    }

    private static func address(_ host: UInt64, _ isV6: Bool) -> IPAddress {
        // 2001:db8::/32 is for documentation (RFC 3849).
        if isV6 { return IPAddress(v6: 0x2001_0DB8_0000_0000 | host & 0xFFFF_FFFF, RandomSource.mix(host)) }
        // 1 ... 223 without 127: unicast; the last octet neither 0 nor 255.
        let first = UInt32(truncatingIfNeeded: 1 + host % 222)
        let middle = UInt32(truncatingIfNeeded: host >> 16) & 0xFFFF
        let last = UInt32(truncatingIfNeeded: 1 + (host >> 8 & 0xFF) % 253)
        return IPAddress(v4: (first == 127 ? 223 : first) << 24 | middle << 8 | last)
    }

    /// Both ends are among sixteen hosts of 198.18.0.0/15, the network for benchmarks (RFC 2544).
    private func tunnel(_ flow: FlowTruth, _ random: inout RandomSource) -> SyntheticTunnel {
        let kind = SyntheticTunnel.Kind.allCases[Int(random.number(0...2))]
        let ends = (random.number(0...15), random.number(0...15))
        return SyntheticTunnel(
            kind: kind, source: IPAddress(v4: 0xC612_0001 + ends.0), destination: IPAddress(v4: 0xC613_0001 + ends.1),
            sourcePort: kind == .vxlan ? UInt16(49_152 + FlowInventor.identity(flow) % 16_384) : 0)
    }

    /// The same for both directions of a flow, and another for each other flow but by a chance of 2⁻⁶⁴.
    private static func identity(_ flow: FlowTruth) -> UInt64 {
        func end(_ address: IPAddress, _ port: UInt16) -> UInt64 {
            RandomSource.mix(RandomSource.mix(address.high ^ UInt64(port)) ^ address.low)
        }
        let ends = end(flow.source, flow.sourcePort) &+ end(flow.destination, flow.destinationPort)
        return RandomSource.mix(ends ^ (UInt64(flow.protocol.rawValue) << 8 | UInt64(flow.source.family.rawValue)))
    }
}
