/// When a meter ends its records, and how many flows it keeps. Times are nanoseconds.
public struct FlowMeterSettings: Equatable, Sendable {
    /// A record of a flow that goes on ends after this long, and another begins. A collector counts a record where it
    /// arrives, nfcapd in files of five minutes: so records are to be short against that. Routers are commonly set to
    /// a minute.
    public var activeNanoseconds: Int64 = 60_000_000_000
    /// A flow that is silent for longer than this has ended: 15 s, as routers have it.
    public var idleNanoseconds: Int64 = 15_000_000_000
    /// How long a TCP connection whose end was seen is kept for late segments, which would else make a flow of their
    /// own.
    public var lingerNanoseconds: Int64 = 5_000_000_000
    /// Flows kept at a time, each in about 350 octets; beyond, the one that was silent longest makes room.
    public var flowsMax = 1 << 19
    /// Changes the places of flows in the table: unknown to who made the traffic, it cannot be made slow.
    public var seed: UInt64 = 0x9E37_79B9_7F4A_7C15

    public init() {}
}
