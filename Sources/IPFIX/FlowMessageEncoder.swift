import Flows
import Headers
import Octets

/// Builds the messages in which flow records go to a collector (RFC 7011; biflows RFC 5103).
///
///     encoder.openMessage(at: now, withTemplates: true)
///     while encoder.append(flow) { … }
///     encoder.closeMessage()
///     send(encoder.message)
///
/// Nothing is sent or timed here: whoever has the transport says when templates are due again, and begins a new session
/// where one breaks.
public struct FlowMessageEncoder: Sendable {
    /// What fits into one datagram on any usual path, with the headers of IPv6 and UDP and those of a tunnel: RFC 7011
    /// § 10.3.3 asks for no more than the path takes.
    public static let datagramOctetsMax = 1400

    public let directions: FlowDirections
    private let hasProcesses: Bool
    /// The observation domain that the records are said to come from.
    public let domain: UInt32
    private let octetsMax: Int
    private let templates: [IPFIXTemplate]
    private let recordOctets: [Int]
    private var buffer: OctetBuffer
    /// Where the open set's header stands, and its template; 0 where none is open.
    private var setStart = 0
    private var setID: UInt16 = 0
    /// Data records of the session so far, modulo 2³²: the number of the next message (RFC 7011 § 3.1).
    private var sequence: UInt32 = 0
    /// Flows and data records in the open message.
    public private(set) var flowCount = 0
    public private(set) var recordCount = 0

    /// - Parameters:
    ///   - hasProcesses: records say whose both ends of a flow are.
    ///   - octetsMax: the longest message. It has room for the templates and one flow at least.
    public init(
        directions: FlowDirections, domain: UInt32, hasProcesses: Bool = false, octetsMax: Int = datagramOctetsMax
    ) {
        self.directions = directions
        self.hasProcesses = hasProcesses
        self.domain = domain
        templates = [IPFamily.v4, .v6].map { IPFIXTemplate.flow(directions, $0, hasProcesses: hasProcesses) }
        recordOctets = templates.map(\.recordOctets)
        let least = 16 + 4 + templates.reduce(0) { $0 + $1.setOctets } + 4 + 2 * recordOctets[1]
        self.octetsMax = min(max(octetsMax, least), IPFIXEncoder.messageOctetsMax)
        buffer = OctetBuffer(capacity: self.octetsMax)
    }

    /// The message, complete once it was closed.
    public var message: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { buffer.octets }
    }

    /// Begins a message; what was built before is forgotten.
    ///
    /// - Parameter time: now, nanoseconds since 1970.
    public mutating func openMessage(at time: Int64, withTemplates: Bool) {
        buffer.removeAll()
        (setStart, setID, flowCount, recordCount) = (0, 0, 0, 0)
        let (seconds, sequence, domain) = (UInt32(clamping: time / 1_000_000_000), sequence, domain)
        buffer.write(atMost: 16) {
            $0.append(bigEndian: UInt16(10))  // the version of IPFIX
            $0.append(bigEndian: UInt16(0))  // the length, filled in by `closeMessage`
            $0.append(bigEndian: seconds)
            $0.append(bigEndian: sequence)
            $0.append(bigEndian: domain)
        }
        if withTemplates { appendTemplates() }
    }

    /// Appends a flow; `false` if the message has no room for it, and then nothing was appended.
    ///
    /// - Parameter ends: whose it is; of use where records say so.
    public mutating func append(_ flow: MeteredFlow, _ ends: FlowEnds = FlowEnds()) -> Bool {
        let isV6 = flow.key.family == .v6
        let template = templates[isV6 ? 1 : 0]
        let records =
            directions == .together
            ? 1 : (flow.forward.packets > 0 ? 1 : 0) + (flow.reverse.packets > 0 ? 1 : 0)
        let needed = records * recordOctets[isV6 ? 1 : 0] + (setID == template.id ? 0 : 4)
        guard buffer.count + needed <= octetsMax else { return false }
        if setID != template.id { openSet(template.id) }
        switch directions {
        case .together:
            write(flow, flow.key, flow.forward, reverse: flow.reverse, ends)
        case .apart:
            if flow.forward.packets > 0 { write(flow, flow.key, flow.forward, ends) }
            if flow.reverse.packets > 0 {
                var key = flow.key
                key.swapEnds()
                write(flow, key, flow.reverse, FlowEnds(source: ends.destination, destination: ends.source))
            }
        }
        flowCount += 1
        recordCount += records
        return true
    }

    /// Fills in the lengths. The next message follows this one, unless `beginSession` says that it was not sent.
    public mutating func closeMessage() {
        closeSet()
        let length = UInt16(buffer.count)  // at most `octetsMax`, as every `append` checked
        buffer.write(atMost: 0) { $0.replace(at: 2, bigEndian: length) }
        sequence &+= UInt32(recordCount)
    }

    /// Counts records from 0 again: for another connection to the collector.
    public mutating func beginSession() { sequence = 0 }

    private mutating func appendTemplates() {
        openSet(2)
        for template in templates {
            buffer.write(atMost: template.setOctets) { $0.append(template) }
        }
        closeSet()
    }

    private mutating func openSet(_ id: UInt16) {
        closeSet()
        setStart = buffer.count
        setID = id
        buffer.write(atMost: 4) {
            $0.append(bigEndian: id)
            $0.append(bigEndian: UInt16(0))  // the length, filled in by `closeSet`
        }
    }

    private mutating func closeSet() {
        guard setStart > 0 else { return }
        let (start, length) = (setStart, UInt16(buffer.count - setStart))
        buffer.write(atMost: 0) { $0.replace(at: start + 2, bigEndian: length) }
        (setStart, setID) = (0, 0)
    }

    private mutating func write(
        _ flow: MeteredFlow, _ key: FlowKey, _ counts: FlowDirection, reverse: FlowDirection? = nil, _ ends: FlowEnds
    ) {
        let hasProcesses = hasProcesses
        buffer.write(atMost: 224) { writer in
            if key.family == .v6 {
                writer.append(bigEndian: key.sourceHigh)
                writer.append(bigEndian: key.sourceLow)
                writer.append(bigEndian: key.destinationHigh)
                writer.append(bigEndian: key.destinationLow)
            } else {
                writer.append(bigEndian: UInt32(truncatingIfNeeded: key.sourceLow))
                writer.append(bigEndian: UInt32(truncatingIfNeeded: key.destinationLow))
            }
            writer.append(bigEndian: key.sourcePort)
            writer.append(bigEndian: key.destinationPort)
            writer.append(key.protocol)
            writer.append(bigEndian: key.vlan)
            writer.append(flow.endReason.rawValue)
            writer.append(counts)
            if let reverse {
                writer.append(1)  // forward is from the initiator (RFC 5103 § 6.3)
                writer.append(reverse)
            }
            guard hasProcesses else { return }
            writer.append(ends.source)
            writer.append(ends.destination)
        }
    }
}

extension OctetWriter {
    @_lifetime(self: copy self)
    fileprivate mutating func append(_ direction: FlowDirection) {
        append(bigEndian: Self.milliseconds(direction.firstSeen))
        append(bigEndian: Self.milliseconds(direction.lastSeen))
        append(bigEndian: direction.packets)
        append(bigEndian: direction.ipBytes)
        append(bigEndian: direction.bytes)
        append(bigEndian: UInt16(direction.tcpFlags.rawValue))
    }

    /// A process that is not known has no number and no name.
    @_lifetime(self: copy self)
    fileprivate mutating func append(_ answer: ProcessAnswer) {
        let process = answer.process
        append(bigEndian: process?.pid ?? 0)
        var room = Int(InformationElement.sourceProcessName.length)
        for octet in (process?.comm ?? "").utf8.prefix(room) {
            append(octet)
            room -= 1
        }
        for _ in 0..<room { append(0) }
        append(bigEndian: process?.uid ?? 0)
    }

    /// `dateTimeMilliseconds` begins in 1970 (RFC 7011 § 6.1.8).
    private static func milliseconds(_ time: Int64) -> UInt64 { UInt64(max(time, 0)) / 1_000_000 }
}
