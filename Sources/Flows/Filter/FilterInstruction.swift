import Headers

/// Which end of a packet a test is about.
enum FilterSide: UInt8, Sendable {
    case source, destination, either, both
}

/// One test of a compiled filter and where to go from it.
struct FilterInstruction: Sendable {
    enum Test: UInt8, Sendable {
        /// The IP version is in the range; absent in packets that are not IP.
        case version
        /// The address, masked by `mask`, is `low` (and of the family whose raw value is `family`).
        case address
        case port, `protocol`, vlan, length, capturedLength
        /// The TCP flags, masked by `mask`, are `low`.
        case flags
    }

    var test: Test
    var side = FilterSide.source
    /// Turns the outcome around where the field is there: `!=` and `not in`.
    var inverted = false
    var family = IPFamily.none
    var whenTrue: Int32 = 0
    var whenFalse: Int32 = 0
    /// The range of a number, both ends included; empty where `low` is above `high`. For `.address` the two
    /// words of the address, for `.flags` the wanted flags in `low`.
    var low: UInt64 = 0
    var high: UInt64 = 0
    var maskHigh: UInt64 = 0
    var maskLow: UInt64 = 0

    init(_ test: Test) { self.test = test }

    static func range(_ test: Test, _ range: ClosedRange<UInt64>, side: FilterSide = .source) -> Self {
        var instruction = Self(test)
        instruction.side = side
        instruction.low = range.lowerBound
        instruction.high = range.upperBound
        return instruction
    }

    /// A range that holds nothing, such as `length < 0`.
    static func nothing(_ test: Test, side: FilterSide = .source) -> Self {
        var instruction = Self(test)
        instruction.side = side
        instruction.low = 1
        return instruction
    }

    static func address(_ prefix: FilterPrefix, side: FilterSide) -> Self {
        var instruction = Self(.address)
        instruction.side = side
        instruction.family = prefix.address.family
        (instruction.maskHigh, instruction.maskLow) = prefix.mask
        instruction.high = prefix.address.high & instruction.maskHigh
        instruction.low = prefix.address.low & instruction.maskLow
        return instruction
    }

    static func flags(_ wanted: TCPFlags, among mask: TCPFlags) -> Self {
        var instruction = Self(.flags)
        instruction.low = UInt64(wanted.rawValue)
        instruction.maskLow = UInt64(mask.rawValue)
        return instruction
    }

    func holds(_ packet: PacketInfo) -> Bool {
        let family = packet.source.family
        switch test {
        case .version: return family != .none && contains(UInt64(family.rawValue))
        case .address:
            guard family != .none else { return false }
            return onSide(matches(packet.source), matches(packet.destination))
        case .port:
            guard packet.portsKnown else { return false }
            return onSide(contains(UInt64(packet.sourcePort)), contains(UInt64(packet.destinationPort)))
        case .protocol: return family != .none && contains(UInt64(packet.protocol.rawValue))
        case .vlan: return contains(UInt64(packet.vlan))
        case .length: return contains(UInt64(packet.wireLength))
        case .capturedLength: return contains(UInt64(packet.capturedLength))
        case .flags:
            guard packet.tcpFlagsKnown else { return false }
            return (UInt64(packet.tcpFlags.rawValue) & maskLow == low) != inverted
        }
    }

    @inline(always) private func contains(_ value: UInt64) -> Bool { (low <= value && value <= high) != inverted }

    @inline(always) private func matches(_ address: IPAddress) -> Bool {
        (address.family == family && address.high & maskHigh == high && address.low & maskLow == low) != inverted
    }

    @inline(always) private func onSide(_ source: Bool, _ destination: Bool) -> Bool {
        switch side {
        case .source: source
        case .destination: destination
        case .either: source || destination
        case .both: source && destination
        }
    }
}

/// An address of which the first `length` bits count.
struct FilterPrefix: Equatable, Sendable {
    var address: IPAddress
    /// 0 ... 32 or 0 ... 128.
    var length: Int

    /// The words of the mask, in the layout of `IPAddress`.
    var mask: (high: UInt64, low: UInt64) {
        // A shift by the full width gives 0, as wanted for a length of 0.
        switch address.family {
        case .v6: (~(UInt64.max >> UInt64(min(length, 64))), ~(UInt64.max >> UInt64(max(length - 64, 0))))
        default: (0, UInt64(UInt32.max) & ~(UInt64(UInt32.max) >> UInt64(length)))
        }
    }
}

extension PacketInfo {
    /// Whether `sourcePort` and `destinationPort` were read from the packet.
    var portsKnown: Bool {
        `protocol`.hasPorts && source.family != .none && fragment != .later && !marks.contains(.portsCut)
    }

    /// Whether `tcpFlags` was read from the packet.
    var tcpFlagsKnown: Bool {
        `protocol` == .tcp && source.family != .none && fragment != .later
            && marks.isDisjoint(with: [.portsCut, .transportCut])
    }
}
