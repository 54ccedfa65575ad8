import Flows
import Headers
import Octets

/// Reads the messages that `FlowMessageEncoder` builds: what tests and collectors of this package's own need.
///
/// Templates of others are refused, not skipped. Hostile input costs at most an error: every read is within a length
/// that was checked before, and a flow takes at least 46 octets of input.
public struct FlowMessageDecoder: Sendable {
    /// Flows so far, in milliseconds; each direction that was exported apart is one, with nothing in reverse.
    /// `takeFlows` empties it.
    public private(set) var flows: [MeteredFlow] = []
    /// Whose they are, where records say so; else empty. What has no number is unknown.
    public private(set) var ends: [FlowEnds] = []
    /// Whether flows came as biflows; `nil` before the first template.
    public private(set) var directions: FlowDirections?
    public private(set) var domain: UInt32?
    /// Records that are missing by the messages' numbers.
    public private(set) var missingRecords: UInt32 = 0

    private var known: Set<UInt16> = []
    private var sequence: UInt32?

    public init() {}

    public mutating func takeFlows() -> [MeteredFlow] {
        defer { (flows, ends) = ([], []) }
        return flows
    }

    /// Reads one whole message; its flows are added to `flows`.
    ///
    /// - Parameter offset: where the message begins in its stream, for errors.
    public mutating func decode(_ message: Span<UInt8>, at offset: Int) throws(IPFIXFailure) {
        var sets = try IPFIXMessage(message, at: offset)
        if let domain, domain != sets.domain {
            throw IPFIXFailure(.domain(expected: domain, found: sets.domain), at: offset)
        }
        domain = sets.domain
        if let sequence { missingRecords &+= sets.sequence &- sequence }
        sequence = sets.sequence
        while let (id, records) = try sets.nextSet() {
            try decodeSet(id, message.extracting(records), at: offset + records.lowerBound)
        }
    }

    private mutating func decodeSet(_ id: UInt16, _ body: Span<UInt8>, at offset: Int) throws(IPFIXFailure) {
        switch id {
        case 2:
            var position = 0
            while position < body.count {
                let template = try IPFIXTemplate(reading: body, from: &position, scoped: false, at: offset)
                guard let ours = IPFIXTemplate.flows[template.id], ours.template == template,
                    directions == nil || directions == ours.directions
                else { throw IPFIXFailure(.template(template.id), at: offset) }
                directions = ours.directions
                known.insert(template.id)
            }
        case 256...:
            guard known.contains(id), let ours = IPFIXTemplate.flows[id] else {
                throw IPFIXFailure(.unknownTemplate(id), at: offset)
            }
            try decodeFlows(body, ours, at: offset)
        default: throw IPFIXFailure(.reservedSet(id), at: offset)
        }
    }

    private mutating func decodeFlows(
        _ body: Span<UInt8>, _ ours: FlowTemplate, at offset: Int
    ) throws(IPFIXFailure) {
        let octets = ours.template.recordOctets
        var position = 0
        while body.count - position >= octets {
            var reader = FieldReader(body, at: position)
            flows.append(try reader.flow(ours.directions, ours.family, at: offset + position))
            if ours.hasProcesses {
                ends.append(FlowEnds(source: reader.process(), destination: reader.process()))
            }
            sequence? &+= 1
            position += octets
        }
        // Padding is allowed (RFC 7011 § 3.3.1): zeros, fewer than a record has.
        for index in position..<body.count where body[index] != 0 {
            throw IPFIXFailure(.leftover(template: ours.template.id), at: offset + position)
        }
    }
}

/// Reads the fields of a record whose octets are known to be there.
private struct FieldReader: ~Escapable {
    private let octets: Span<UInt8>
    private var position: Int

    @_lifetime(copy octets)
    init(_ octets: Span<UInt8>, at position: Int) {
        self.octets = octets
        self.position = position
    }

    @_lifetime(self: copy self)
    private mutating func number(_ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<count { value = value << 8 | UInt64(octets[position + index]) }
        position += count
        return value
    }

    @_lifetime(self: copy self)
    mutating func flow(
        _ directions: FlowDirections, _ family: IPFamily, at offset: Int
    ) throws(IPFIXFailure) -> MeteredFlow {
        let source = address(family), destination = address(family)
        let ports = number(4), transport = number(1), vlan = number(2)
        let key = FlowKey(
            sourceHigh: source.high, sourceLow: source.low, destinationHigh: destination.high,
            destinationLow: destination.low,
            meta: FlowKey.meta(
                sourcePort: UInt16(ports >> 16), destinationPort: UInt16(ports & 0xFFFF), vlan: UInt16(vlan),
                protocol: UInt8(transport), family: family.rawValue))
        guard let reason = FlowEndReason(rawValue: UInt8(number(1))) else {
            throw IPFIXFailure(.value(element: InformationElement.flowEndReason.id), at: offset)
        }
        let forward = try direction(at: offset)
        guard directions == .together else {
            return MeteredFlow(key: key, forward: forward, reverse: FlowDirection(), endReason: reason)
        }
        guard number(1) == 1 else {
            throw IPFIXFailure(.value(element: InformationElement.biflowDirection.id), at: offset)
        }
        return MeteredFlow(key: key, forward: forward, reverse: try direction(at: offset), endReason: reason)
    }

    @_lifetime(self: copy self)
    mutating func process() -> ProcessAnswer {
        let pid = UInt32(truncatingIfNeeded: number(4))
        let name = (0..<Int(InformationElement.sourceProcessName.length)).map { octets[position + $0] }
        position += name.count
        let user = UInt32(truncatingIfNeeded: number(4))
        guard pid != 0 else { return .unknown }
        return .known(FlowProcess(pid: pid, uid: user, comm: String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)))
    }

    @_lifetime(self: copy self)
    private mutating func address(_ family: IPFamily) -> (high: UInt64, low: UInt64) {
        family == .v6 ? (number(8), number(8)) : (0, number(4))
    }

    @_lifetime(self: copy self)
    private mutating func direction(at offset: Int) throws(IPFIXFailure) -> FlowDirection {
        var direction = FlowDirection()
        let first = number(8), last = number(8)
        let most = UInt64(Int64.max) / 1_000_000
        guard first <= most, last <= most else {
            throw IPFIXFailure(.value(element: InformationElement.flowStartMilliseconds.id), at: offset)
        }
        direction.firstSeen = Int64(first) * 1_000_000
        direction.lastSeen = Int64(last) * 1_000_000
        direction.packets = number(8)
        direction.ipBytes = number(8)
        direction.bytes = number(8)
        guard let flags = UInt8(exactly: number(2)) else {
            throw IPFIXFailure(.value(element: InformationElement.tcpControlBits.id), at: offset)
        }
        direction.tcpFlags = TCPFlags(rawValue: flags)
        return direction
    }
}
