import Headers

/// A TCP connection made of what its ends said, the reverse of reassembly: frames of Ethernet, IP and TCP with right
/// numbers and checksums (RFC 9293 § 3.4, § 3.5), for programs that read captures.
///
/// Octet *n* of a direction (from 0) has the initial sequence number + *n* + 1. Each thing said is acknowledged at
/// once. Octets that are missing have sequence numbers and no packet.
public struct SyntheticConversation: Sendable {
    public enum Side: Int, Sendable, CaseIterable {
        case client = 0
        case server = 1

        public var other: Side { self == .client ? .server : .client }
    }

    public struct End: Hashable, Sendable {
        public var address: IPAddress
        public var port: UInt16

        public init(address: IPAddress, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    /// What stands in for hardware addresses, which nobody knows: locally administered ones.
    private static let hardware = [MACAddress(rawValue: 0x0200_0000_0001), MACAddress(rawValue: 0x0200_0000_0002)]
    /// Octets of an Ethernet's packet.
    private static let packetOctetsMax = 1_500
    /// What a gap of unknown size takes in sequence space.
    private static let unknownGapOctets: UInt64 = 1
    /// A larger one would look like a step back (RFC 9293 § 3.4).
    private static let gapOctetsMax: UInt64 = 1 << 30

    /// By `Side`.
    public let ends: [End]
    private var next: [UInt32]
    private var hasFinished = [false, false]
    private var isOpen = false

    /// - Parameter initialSequence: of both sides. Connections of the same ends need different ones, or the second
    ///   looks like the first one sent again.
    /// - Precondition: both addresses are of one family.
    public init(client: End, server: End, initialSequence: UInt32 = 0) {
        next = [initialSequence, initialSequence]
        precondition(client.address.family == server.address.family && client.address.family != .none)
        ends = [client, server]
    }

    public var isV6: Bool { ends[0].address.family == .v6 }

    /// Octets that a segment carries at most.
    public var segmentOctetsMax: Int {
        Self.packetOctetsMax - TCPView.byteCountMin - (isV6 ? IPv6View.byteCount : IPv4View.byteCountMin)
    }

    public func hasFinished(_ side: Side) -> Bool { hasFinished[side.rawValue] }

    /// No more can be said.
    public var isOver: Bool { hasFinished == [true, true] }

    // MARK: - What happens

    /// The handshake. What is said opens a connection, too.
    public mutating func open(_ emit: (_ frame: Span<UInt8>, _ by: Side) -> Void) {
        guard !isOpen else { return }
        isOpen = true
        let size = UInt16(segmentOctetsMax)
        let options: [UInt8] = [2, 4, UInt8(size >> 8), UInt8(size & 0xFF)]
        send(.syn, by: .client, options: options, emit)
        send([.syn, .ack], by: .server, options: options, emit)
        send(.ack, by: .client, emit)
    }

    /// Octets in segments, acknowledged. Behind the end of a direction nothing can be said.
    public mutating func say(
        _ octets: Span<UInt8>, by side: Side, _ emit: (_ frame: Span<UInt8>, _ by: Side) -> Void
    ) {
        open(emit)
        guard !hasFinished[side.rawValue], !octets.isEmpty else { return }
        var start = 0
        while start < octets.count {
            let end = min(start + segmentOctetsMax, octets.count)
            let flags: TCPFlags = end == octets.count ? [.psh, .ack] : .ack
            send(flags, by: side, payload: octets.extracting(start..<end), emit)
            start = end
        }
        send(.ack, by: side.other, emit)
    }

    /// Octets that were said and are not known; `nil`: nobody knows how many.
    public mutating func skip(_ octets: UInt64?, by side: Side, _ emit: (_ frame: Span<UInt8>, _ by: Side) -> Void) {
        open(emit)
        guard !hasFinished[side.rawValue] else { return }
        let count = min(octets ?? Self.unknownGapOctets, Self.gapOctetsMax)
        next[side.rawValue] &+= UInt32(count)
    }

    /// One side says no more.
    public mutating func finish(_ side: Side, _ emit: (_ frame: Span<UInt8>, _ by: Side) -> Void) {
        open(emit)
        guard !hasFinished[side.rawValue] else { return }
        send([.fin, .ack], by: side, emit)
        hasFinished[side.rawValue] = true
        send(.ack, by: side.other, emit)
    }

    /// The connection is given up.
    public mutating func reset(by side: Side, _ emit: (_ frame: Span<UInt8>, _ by: Side) -> Void) {
        open(emit)
        guard !isOver else { return }
        send([.rst, .ack], by: side, emit)
        hasFinished = [true, true]
    }

    // MARK: - Frames

    private mutating func send(
        _ flags: TCPFlags, by side: Side, options: [UInt8] = [], payload: Span<UInt8> = Span(),
        _ emit: (_ frame: Span<UInt8>, _ by: Side) -> Void
    ) {
        let (from, to) = (ends[side.rawValue], ends[side.other.rawValue])
        var header = TCPFields(sourcePort: from.port, destinationPort: to.port, flags: flags)
        header.sequenceNumber = next[side.rawValue]
        header.acknowledgmentNumber = flags.contains(.ack) ? next[side.other.rawValue] : 0
        header.options = options
        var frame: [UInt8] = []
        frame.reserveCapacity(Self.packetOctetsMax + EthernetView.byteCount)
        EthernetFields(
            destination: Self.hardware[side.other.rawValue], source: Self.hardware[side.rawValue],
            type: isV6 ? .ipv6 : .ipv4
        ).emit(into: &frame)
        let length = header.headerLength + payload.count
        if isV6 {
            IPv6Fields(source: from.address, destination: to.address, nextHeader: .tcp)
                .emit(into: &frame, payloadLength: length)
        } else {
            var packet = IPv4Fields(
                source: UInt32(truncatingIfNeeded: from.address.low),
                destination: UInt32(truncatingIfNeeded: to.address.low), protocol: .tcp)
            packet.dontFragment = true
            packet.emit(into: &frame, payloadLength: length)
        }
        header.emit(into: &frame, payload: payload, source: from.address, destination: to.address)
        frame.append(contentsOf: payload)
        next[side.rawValue] &+= UInt32(payload.count) &+ (flags.contains(.syn) || flags.contains(.fin) ? 1 : 0)
        emit(frame.span, side)
    }
}
