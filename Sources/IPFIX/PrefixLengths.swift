import Flows
import Headers
import Octets

/// The prefix lengths of a task that stand in its rows: those of addresses that are not kept whole.
struct PrefixLengths: Sendable {
    var source4: UInt8?, source6: UInt8?, destination4: UInt8?, destination6: UInt8?

    init(_ key: KeyFields) {
        source4 = key.source.flatMap { $0.v4 == 32 ? nil : $0.v4 }
        source6 = key.source.flatMap { $0.v6 == 128 ? nil : $0.v6 }
        destination4 = key.destination.flatMap { $0.v4 == 32 ? nil : $0.v4 }
        destination6 = key.destination.flatMap { $0.v6 == 128 ? nil : $0.v6 }
    }
}

extension OctetWriter {
    /// One octet, or 255 and two octets (RFC 7011 § 7).
    @_lifetime(self: copy self)
    mutating func append(variableLength length: Int) {
        if length < 255 {
            append(UInt8(length))
        } else {
            append(0xFF)
            append(bigEndian: UInt16(length))
        }
    }

    @inline(always)
    @_lifetime(self: copy self)
    mutating func append(
        addressesOf row: FlowKey, _ key: KeyFields, _ prefixed: PrefixLengths, _ family: IPFamily
    ) {
        switch family {
        case .v4:
            if key.source != nil {
                append(bigEndian: UInt32(truncatingIfNeeded: row.sourceLow))
                if let length = prefixed.source4 { append(length) }
            }
            if key.destination != nil {
                append(bigEndian: UInt32(truncatingIfNeeded: row.destinationLow))
                if let length = prefixed.destination4 { append(length) }
            }
        case .v6:
            if key.source != nil {
                append(bigEndian: row.sourceHigh)
                append(bigEndian: row.sourceLow)
                if let length = prefixed.source6 { append(length) }
            }
            if key.destination != nil {
                append(bigEndian: row.destinationHigh)
                append(bigEndian: row.destinationLow)
                if let length = prefixed.destination6 { append(length) }
            }
        case .none: break
        }
    }

    @inline(always)
    @_lifetime(self: copy self)
    mutating func append(timesOf row: FlowRecord, wide: Bool) {
        append(bigEndian: NTPTime.timestamp(row.firstSeen))
        append(bigEndian: NTPTime.timestamp(row.lastSeen))
        guard wide else { return }
        append(bigEndian: NTPTime.milliseconds(row.firstSeen))
        append(bigEndian: NTPTime.milliseconds(row.lastSeen))
    }

    @inline(always)
    @_lifetime(self: copy self)
    mutating func append(countersOf row: FlowRecord, wide: Bool, bidirectional: Bool) {
        append(packets: row.packets, bytes: row.bytes, wide: wide)
        append(bigEndian: UInt16(row.tcpFlags))
        guard bidirectional else { return }
        append(packets: row.reversePackets, bytes: row.reverseBytes, wide: wide)
        append(bigEndian: UInt16(row.reverseTCPFlags))
    }

    /// - Parameter wide: in eight octets each; else both are below 2³².
    @inline(always)
    @_lifetime(self: copy self)
    private mutating func append(packets: UInt64, bytes: UInt64, wide: Bool) {
        if wide {
            append(bigEndian: packets)
            append(bigEndian: bytes)
        } else {
            append(bigEndian: packets << 32 | bytes)
        }
    }
}
