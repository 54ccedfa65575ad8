import Flows
import Headers

/// What the records of a set consist of (RFC 7011 § 3.4).
public struct IPFIXTemplate: Equatable, Sendable {
    public var id: UInt16
    /// How many of the fields are scope; above 0 this is an options template.
    public var scopeCount: Int
    public var fields: [InformationElement]

    /// Octets of a record whose fields all have fixed lengths.
    var recordOctets: Int { fields.reduce(0) { $0 + Int($1.length) } }

    /// Octets of the template with its set's header.
    var setOctets: Int {
        4 + (scopeCount > 0 ? 6 : 4) + fields.reduce(0) { $0 + $1.templateOctets }
    }
}

/// The kinds of rows of a task: their template differs by the addresses' family, by whether the times need their
/// milliseconds beside them, and by whether the counters need more than four octets (RFC 7011 § 6.2).
struct RowKind: Equatable, Sendable {
    var family: IPFamily
    var hasWideTimes = false
    var hasWideCounters = false

    /// 0 ..< 12
    @inline(always) var index: Int {
        (family == .v4 ? 0 : family == .v6 ? 1 : 2) + (hasWideTimes ? 3 : 0) + (hasWideCounters ? 6 : 0)
    }

    static let all = [false, true].flatMap { hasWideCounters in
        [false, true].flatMap { hasWideTimes in
            [IPFamily.v4, .v6, .none].map {
                RowKind(family: $0, hasWideTimes: hasWideTimes, hasWideCounters: hasWideCounters)
            }
        }
    }

    init(family: IPFamily, hasWideTimes: Bool = false, hasWideCounters: Bool = false) {
        self.family = family
        self.hasWideTimes = hasWideTimes
        self.hasWideCounters = hasWideCounters
    }

    @inline(always) init(_ row: FlowRecord) {
        family = row.key.family
        hasWideTimes = !(NTPTime.isUnambiguous(row.firstSeen) && NTPTime.isUnambiguous(row.lastSeen))
        hasWideCounters = (row.packets | row.bytes | row.reversePackets | row.reverseBytes) >> 32 != 0
    }
}

/// The templates of one task's file.
extension IPFIXTemplate {
    static let taskID: UInt16 = 256
    static let endID: UInt16 = 257
    static let otherID: UInt16 = 258
    static let processID: UInt16 = 259
    static let firstRowID: UInt16 = 260

    /// The processes that rows name (RFC 6759 § 4.3): name, control group, number and user.
    static let process = IPFIXTemplate(
        id: processID, scopeCount: 1,
        fields: [
            .applicationId, .applicationName, .applicationDescription, .sourceProcessID, .sourceProcessUser,
        ])
    /// In front of a process's number: the engine of user-defined names (RFC 6759 § 4.1).
    static let processEngine: UInt32 = 6 << 24

    /// What the file is about: the task's name, the snapshot's time, the prefix lengths, the meaning of «forward».
    static func task(_ task: FlowTask) -> IPFIXTemplate {
        var fields: [InformationElement] = [
            .observationDomainId, .observationDomainName, .observationTimeMilliseconds, .observationTimeNanoseconds,
        ]
        if task.fields.source != nil { fields += [.sourceIPv4PrefixLength, .sourceIPv6PrefixLength] }
        if task.fields.destination != nil { fields += [.destinationIPv4PrefixLength, .destinationIPv6PrefixLength] }
        if task.bidirectional { fields.append(.biflowDirection) }
        return IPFIXTemplate(id: taskID, scopeCount: 1, fields: fields)
    }

    /// The last record of a file: how many rows it holds, so that a file cut at a message is noticed.
    static let end = IPFIXTemplate(
        id: endID, scopeCount: 1, fields: [.observationDomainId, .exportedFlowRecordTotalCount])

    /// - Parameter hasProcesses: of each end.
    static func row(_ task: FlowTask, _ kind: RowKind, hasProcesses: Bool = false) -> IPFIXTemplate {
        IPFIXTemplate(
            id: firstRowID + UInt16(kind.index), scopeCount: 0,
            fields: keyFields(task.fields, kind.family) + times(wide: kind.hasWideTimes)
                + counters(task, wide: kind.hasWideCounters)
                + (hasProcesses ? [.applicationId, .applicationId] : []))
    }

    /// The row of evicted flows: no key, the number of flows in it, times of any era.
    static func other(_ task: FlowTask) -> IPFIXTemplate {
        IPFIXTemplate(
            id: otherID, scopeCount: 0, fields: [.deltaFlowCount] + times(wide: true) + counters(task, wide: true))
    }

    private static func keyFields(_ key: KeyFields, _ family: IPFamily) -> [InformationElement] {
        var fields: [InformationElement] = []
        switch family {
        case .v4:
            if let source = key.source?.v4 {
                fields += source == 32 ? [.sourceIPv4Address] : [.sourceIPv4Prefix, .sourceIPv4PrefixLength]
            }
            if let destination = key.destination?.v4 {
                fields +=
                    destination == 32
                    ? [.destinationIPv4Address] : [.destinationIPv4Prefix, .destinationIPv4PrefixLength]
            }
        case .v6:
            if let source = key.source?.v6 {
                fields += source == 128 ? [.sourceIPv6Address] : [.sourceIPv6Prefix, .sourceIPv6PrefixLength]
            }
            if let destination = key.destination?.v6 {
                fields +=
                    destination == 128
                    ? [.destinationIPv6Address] : [.destinationIPv6Prefix, .destinationIPv6PrefixLength]
            }
        case .none: break
        }
        if key.sourcePort { fields.append(.sourceTransportPort) }
        if key.destinationPort { fields.append(.destinationTransportPort) }
        if key.protocol { fields.append(.protocolIdentifier) }
        if key.vlan { fields.append(.vlanId) }
        return fields
    }

    private static func times(wide: Bool) -> [InformationElement] {
        [.flowStartNanoseconds, .flowEndNanoseconds] + (wide ? [.flowStartMilliseconds, .flowEndMilliseconds] : [])
    }

    private static func counters(_ task: FlowTask, wide: Bool) -> [InformationElement] {
        let counts: [InformationElement] = [.packetDeltaCount, .layer2OctetDeltaCount]
        let forward = (wide ? counts : counts.map(\.inFourOctets)) + [.tcpControlBits]
        return task.bidirectional ? forward + forward.map(InformationElement.reverse) : forward
    }
}
