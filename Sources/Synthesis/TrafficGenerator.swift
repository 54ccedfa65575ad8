import Headers
import Octets

/// Makes synthetic traffic, a frame at a time: Ethernet, optional 802.1Q and tunnels, IPv4 and IPv6, TCP with
/// handshakes and ends, UDP, ICMP. Lengths have two humps (40 ... 100 and 1000 ... 1500 octets of IP), flows have
/// windows inside 60 seconds, times never go back, and every checksum is right for the whole packet. The same options
/// give the same octets.
///
/// It holds its whole plan in memory: 8 octets per packet (16 while it is made) and about 250 per flow.
public struct TrafficGenerator: Sendable {
    public let options: TrafficOptions
    private var flows: [SyntheticFlow]
    private let schedule: PacketSchedule
    private var position = 0
    private var random: RandomSource
    private var builder: FrameBuilder

    /// Plans the traffic.
    /// - Throws: an option outside its limits.
    public init(_ options: TrafficOptions) throws(TrafficOptionsFailure) {
        try options.validate()
        self.options = options
        var random = RandomSource(seed: options.seed)
        var inventor = FlowInventor(options)
        flows = []
        flows.reserveCapacity(options.flows)
        for _ in 0..<options.flows { flows.append(inventor.flow(&random)) }
        let zipf = ZipfSampler(count: options.flows, exponent: options.zipfExponent)
        for _ in options.flows..<options.packets { flows[zipf.draw(&random)].planned += 1 }
        schedule = PacketSchedule(flows, packets: options.packets, &random)
        builder = FrameBuilder(snapLength: options.snapLength == 0 ? Int.max : options.snapLength, &random)
        self.random = random
    }

    /// Appends the captured octets of the next frame to `buffer`; `nil`, and nothing appended, after the last.
    public mutating func next(into buffer: inout [UInt8]) -> GeneratedPacket? {
        guard position < schedule.count else { return nil }
        let (index, offset) = schedule.event(position)
        position += 1
        let time = options.start + Int64(offset)
        let shape = PacketShape(flows[index], &random)
        let wireLength = builder.append(shape, of: &flows[index], at: offset, &random, to: &buffer)
        flows[index].count(shape, wireLength, time)
        return GeneratedPacket(
            time: time, wireLength: UInt32(wireLength), flow: index, isBackward: shape.isBackward)
    }

    /// How many packets `next` still gives.
    public var remaining: Int { schedule.count - position }

    /// What was sent so far, by the flow's number.
    public var truth: [FlowTruth] { flows.map(\.truth) }
}

/// A frame that was appended to the caller's buffer.
public struct GeneratedPacket: Equatable, Sendable {
    /// Nanoseconds since 1970 UTC.
    public var time: Int64
    /// Octets of the whole frame; what was appended may be less.
    public var wireLength: UInt32
    /// Index into `TrafficGenerator.truth`.
    public var flow: Int
    /// From the flow's destination to its source.
    public var isBackward: Bool
}

extension SyntheticFlow {
    mutating func count(_ shape: PacketShape, _ wireLength: Int, _ time: Int64) {
        if sent == 0 { truth.firstSeen = time }
        truth.lastSeen = time
        sent += 1
        if shape.isBackward {
            truth.backward.count(wireLength, shape.flags)
        } else {
            truth.forward.count(wireLength, shape.flags)
        }
    }
}
