import Flows
import Headers
import Octets

/// Where the records of a row template keep each field. Order is free; lengths and completeness are not.
struct RowLayout: Sendable {
    enum Slot: Int, Sendable {
        case source, sourcePrefix, destination, destinationPrefix, sourcePort, destinationPort, `protocol`, vlan
        case start, end, startMilliseconds, endMilliseconds, packets, bytes, flags
        case reversePackets, reverseBytes, reverseFlags, flowCount, process, peer
    }

    private static let slotCount = 21
    /// Octets from the start of a record; -1 where the template lacks the field.
    private var offsets = [Int](repeating: -1, count: RowLayout.slotCount)
    /// Counters in four octets instead of eight (RFC 7011 § 6.2).
    private var isNarrow = [Bool](repeating: false, count: RowLayout.slotCount)
    private(set) var family = IPFamily.none
    private(set) var recordOctets = 0

    subscript(slot: Slot) -> Int { offsets[slot.rawValue] }
    private func has(_ slot: Slot) -> Bool { self[slot] >= 0 }

    var isOther: Bool { has(.flowCount) }
    var hasProcesses: Bool { has(.process) }

    /// The key fields without prefixes; addresses are left out because templates without them belong to the task too.
    var key: KeyFields {
        KeyFields(
            sourcePort: has(.sourcePort), destinationPort: has(.destinationPort), protocol: has(.protocol),
            vlan: has(.vlan))
    }

    init(_ template: IPFIXTemplate, at offset: Int) throws(IPFIXFailure) {
        for field in template.fields {
            // The second of two is the other end's.
            let slots = field == .applicationId && has(.process) ? Self.peerSlots : Self.slots
            guard let (slot, family) = slots[field] ?? Self.narrowSlots[field], !has(slot),
                family == .none || self.family == .none || self.family == family
            else {
                throw IPFIXFailure(.unsupportedElement(template: template.id, element: field.id), at: offset)
            }
            offsets[slot.rawValue] = recordOctets
            if Self.narrowSlots[field] != nil { isNarrow[slot.rawValue] = true }
            recordOctets += Int(field.length)
            if family != .none { self.family = family }
        }
        guard has(.start), has(.end), has(.packets), has(.bytes), has(.flags),
            has(.startMilliseconds) == has(.endMilliseconds),
            has(.reversePackets) == has(.reverseBytes), has(.reversePackets) == has(.reverseFlags),
            has(.process) == has(.peer)
        else { throw IPFIXFailure(.missingElement(template: template.id), at: offset) }
    }

    private static let slots: [InformationElement: (Slot, IPFamily)] = [
        .sourceIPv4Address: (.source, .v4), .sourceIPv4Prefix: (.source, .v4),
        .sourceIPv4PrefixLength: (.sourcePrefix, .v4),
        .destinationIPv4Address: (.destination, .v4), .destinationIPv4Prefix: (.destination, .v4),
        .destinationIPv4PrefixLength: (.destinationPrefix, .v4),
        .sourceIPv6Address: (.source, .v6), .sourceIPv6Prefix: (.source, .v6),
        .sourceIPv6PrefixLength: (.sourcePrefix, .v6),
        .destinationIPv6Address: (.destination, .v6), .destinationIPv6Prefix: (.destination, .v6),
        .destinationIPv6PrefixLength: (.destinationPrefix, .v6),
        .sourceTransportPort: (.sourcePort, .none), .destinationTransportPort: (.destinationPort, .none),
        .protocolIdentifier: (.protocol, .none), .vlanId: (.vlan, .none),
        .flowStartNanoseconds: (.start, .none), .flowEndNanoseconds: (.end, .none),
        .flowStartMilliseconds: (.startMilliseconds, .none), .flowEndMilliseconds: (.endMilliseconds, .none),
        .packetDeltaCount: (.packets, .none), .layer2OctetDeltaCount: (.bytes, .none), .tcpControlBits: (.flags, .none),
        .reverse(.packetDeltaCount): (.reversePackets, .none), .reverse(.layer2OctetDeltaCount): (.reverseBytes, .none),
        .reverse(.tcpControlBits): (.reverseFlags, .none), .deltaFlowCount: (.flowCount, .none),
        .applicationId: (.process, .none),
    ]
    private static let peerSlots: [InformationElement: (Slot, IPFamily)] = [.applicationId: (.peer, .none)]

    /// The counters, where they are encoded in four octets.
    private static let narrowSlots: [InformationElement: (Slot, IPFamily)] = [
        .packetDeltaCount.inFourOctets: (.packets, .none), .layer2OctetDeltaCount.inFourOctets: (.bytes, .none),
        .reverse(.packetDeltaCount).inFourOctets: (.reversePackets, .none),
        .reverse(.layer2OctetDeltaCount).inFourOctets: (.reverseBytes, .none),
    ]

    /// The row of one record, which has exactly `recordOctets` octets.
    func read(_ record: Span<UInt8>, _ task: TaskRecord, at offset: Int) throws(IPFIXFailure) -> FlowRecord {
        guard has(.reversePackets) == task.bidirectional else {
            throw IPFIXFailure(.value(element: InformationElement.biflowDirection.id), at: offset)
        }
        var row = FlowRecord(key: try key(record, task, at: offset))
        row.packets = count(record, .packets)
        row.bytes = count(record, .bytes)
        row.tcpFlags = try flags(record, .flags, at: offset)
        if task.bidirectional {
            row.reversePackets = count(record, .reversePackets)
            row.reverseBytes = count(record, .reverseBytes)
            row.reverseTCPFlags = try flags(record, .reverseFlags, at: offset)
        }
        row.firstSeen = try time(record, .start, .startMilliseconds, at: offset)
        row.lastSeen = try time(record, .end, .endMilliseconds, at: offset)
        return row
    }

    /// Whose the row of one record is.
    func processes(_ record: Span<UInt8>) -> ProcessPair {
        ProcessPair(local: number(record, .process), peer: number(record, .peer))
    }

    /// Without the engine before it.
    private func number(_ record: Span<UInt8>, _ slot: Slot) -> UInt32 {
        record.bigEndian32(at: self[slot]) & 0xFF_FFFF
    }

    private func key(_ record: Span<UInt8>, _ task: TaskRecord, at offset: Int) throws(IPFIXFailure) -> FlowKey {
        let source = try address(record, .source, .sourcePrefix, task.source, at: offset)
        let destination = try address(record, .destination, .destinationPrefix, task.destination, at: offset)
        return FlowKey(
            sourceHigh: source.high, sourceLow: source.low,
            destinationHigh: destination.high, destinationLow: destination.low,
            meta: FlowKey.meta(
                sourcePort: has(.sourcePort) ? record.bigEndian16(at: self[.sourcePort]) : 0,
                destinationPort: has(.destinationPort) ? record.bigEndian16(at: self[.destinationPort]) : 0,
                vlan: has(.vlan) ? record.bigEndian16(at: self[.vlan]) : 0,
                protocol: has(.protocol) ? record[self[.protocol]] : 0, family: family.rawValue))
    }

    private func address(
        _ record: Span<UInt8>, _ slot: Slot, _ prefixSlot: Slot, _ prefix: AddressPrefix?, at offset: Int
    ) throws(IPFIXFailure) -> IPAddress {
        guard has(slot) else {
            // Rows of a family have the addresses that the task asks for.
            guard family == .none || prefix == nil, !has(prefixSlot) else { throw mismatch(at: offset) }
            return .none
        }
        let length = family == .v4 ? prefix?.v4 : prefix?.v6
        let whole: UInt8 = family == .v4 ? 32 : 128
        guard let length, has(prefixSlot) ? record[self[prefixSlot]] == length : length == whole else {
            throw mismatch(at: offset)
        }
        return family == .v4
            ? IPAddress(v4: record.bigEndian32(at: self[slot]))
            : IPAddress(v6: record.bigEndian64(at: self[slot]), record.bigEndian64(at: self[slot] + 8))
    }

    private func mismatch(at offset: Int) -> IPFIXFailure {
        let element: InformationElement = family == .v4 ? .sourceIPv4PrefixLength : .sourceIPv6PrefixLength
        return IPFIXFailure(.value(element: element.id), at: offset)
    }

    private func count(_ record: Span<UInt8>, _ slot: Slot) -> UInt64 {
        let offset = self[slot]
        return isNarrow[slot.rawValue] ? UInt64(record.bigEndian32(at: offset)) : record.bigEndian64(at: offset)
    }

    private func flags(_ record: Span<UInt8>, _ slot: Slot, at offset: Int) throws(IPFIXFailure) -> UInt8 {
        guard let flags = UInt8(exactly: record.bigEndian16(at: self[slot])) else {
            throw IPFIXFailure(.value(element: InformationElement.tcpControlBits.id), at: offset + self[slot])
        }
        return flags
    }

    private func time(
        _ record: Span<UInt8>, _ slot: Slot, _ wideSlot: Slot, at offset: Int
    ) throws(IPFIXFailure) -> Int64 {
        let timestamp = record.bigEndian64(at: self[slot])
        guard has(wideSlot) else { return NTPTime.time(timestamp) }
        guard let time = NTPTime.time(timestamp, milliseconds: record.bigEndian64(at: self[wideSlot])) else {
            throw IPFIXFailure(.value(element: InformationElement.flowStartMilliseconds.id), at: offset + self[slot])
        }
        return time
    }
}
