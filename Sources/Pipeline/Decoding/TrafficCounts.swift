import Headers

/// Packets and their octets on the wire.
public struct PacketCount: Equatable, Sendable {
    public var packets: UInt64
    public var bytes: UInt64

    public init(packets: UInt64 = 0, bytes: UInt64 = 0) {
        self.packets = packets
        self.bytes = bytes
    }

    mutating func add(_ wireLength: UInt32) {
        packets += 1
        bytes += UInt64(wireLength)
    }

    mutating func add(_ other: PacketCount) {
        packets += other.packets
        bytes += other.bytes
    }
}

/// What decoding made of the frames of a run: where each of them went, and what they were.
public struct TrafficCounts: Sendable {
    /// All frames taken from the source.
    public var seen = PacketCount()
    public var capturedBytes: UInt64 = 0
    /// Frames whose flow was counted.
    public var delivered = PacketCount()
    /// Frames that the user's filter kept out.
    public var filtered = PacketCount()
    /// All other frames, by what the dissector said of them.
    public var undelivered: [Dissection.Outcome: PacketCount] = [:]
    /// Those of `undelivered` whose link type is not understood, by that.
    public var unknownLinkTypes: [LinkType: PacketCount] = [:]
    /// Delivered frames by each thing there is to say about them. A frame may have several marks.
    public var marks: [PacketMarks: UInt64] = [:]
    /// Frames that passed the filter, by the protocols in them.
    public var paths: [LayerPath: PacketCount] = [:]
    /// Earliest and latest frame time, over frames that have one.
    public var firstTime: Int64?
    public var lastTime: Int64?

    public init() {}

    mutating func note(_ time: Int64) {
        if firstTime == nil || time < firstTime! { firstTime = time }
        if lastTime == nil || time > lastTime! { lastTime = time }
    }

    mutating func count(_ marks: PacketMarks) {
        for mark in PacketMarks.each where marks.contains(mark) { self.marks[mark, default: 0] += 1 }
    }

    mutating func add(_ other: TrafficCounts) {
        seen.add(other.seen)
        capturedBytes += other.capturedBytes
        delivered.add(other.delivered)
        filtered.add(other.filtered)
        undelivered.merge(other.undelivered) { $0 + $1 }
        unknownLinkTypes.merge(other.unknownLinkTypes) { $0 + $1 }
        marks.merge(other.marks) { $0 + $1 }
        paths.merge(other.paths) { $0 + $1 }
        if let time = other.firstTime { note(time) }
        if let time = other.lastTime { note(time) }
    }
}

extension PacketCount {
    static func + (a: PacketCount, b: PacketCount) -> PacketCount {
        PacketCount(packets: a.packets + b.packets, bytes: a.bytes + b.bytes)
    }
}
