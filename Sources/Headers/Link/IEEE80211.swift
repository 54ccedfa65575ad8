import Octets

/// The header of an IEEE 802.11 data frame (IEEE 802.11 § 9.3.2.1).
///
///      0          2         4    10   16   22        24          30           32           36
///     | control  | duration| A1 | A2 | A3 | sequence | [A4 30]   | [QoS 2]    | [HT 4]     |
///
/// - Invariant: `octets` starts with at least `headerLength` octets where `isData`, with two otherwise.
public struct IEEE80211View: ~Escapable {
    public let octets: Span<UInt8>
    private let type: UInt8
    private let flags: UInt8

    /// - Parameter swappedControl: the two octets of the control field are exchanged, as some CAPWAP controllers do.
    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int, swappedControl: Bool = false) throws(DecodeFailure) {
        try octets.require(2, .ieee80211, at: offset)
        type = octets[swappedControl ? 1 : 0]
        flags = octets[swappedControl ? 0 : 1]
        self.octets = octets
        if isData { try octets.require(headerLength, .ieee80211, at: offset) }
    }

    /// A data frame of protocol version 0.
    public var isData: Bool { type & 0x0F == 0x08 }
    /// Null functions and polls have the type of data but carry none.
    public var hasPayload: Bool { type & 0x40 == 0 }
    public var isQoS: Bool { type & 0x80 != 0 }
    public var isProtected: Bool { flags & 0x40 != 0 }
    public var hasFourAddresses: Bool { flags & 0x03 == 0x03 }
    private var hasHTControl: Bool { isQoS && flags & 0x80 != 0 }
    private var addressesLength: Int { hasFourAddresses ? 30 : 24 }
    public var headerLength: Int { addressesLength + (isQoS ? 2 : 0) + (hasHTControl ? 4 : 0) }
    /// Several frames are aggregated in this one (§ 9.3.2.2).
    public var isAggregate: Bool { isQoS && octets[addressesLength] & 0x80 != 0 }
    public var fragmentNumber: UInt8 { octets[22] & 0x0F }
}

extension Walk {
    mutating func ieee80211(_ frame: Span<UInt8>, swappedControl: Bool) throws(DecodeFailure) {
        path.append(.ieee80211)
        next = .end
        let header = try IEEE80211View(rest(of: frame), at: offset, swappedControl: swappedControl)
        guard header.isData, header.hasPayload, !header.isProtected, header.fragmentNumber == 0 else { return }
        // Some adapters pad the header to a multiple of four (radiotap flag 0x20).
        skip(hasPaddedHeaders ? (header.headerLength + 3) & ~3 : header.headerLength)
        if header.isAggregate { try firstSubframe(frame) }
        next = .llc
    }

    /// Of an aggregate only the first subframe is followed: addresses, length, then LLC.
    private mutating func firstSubframe(_ frame: Span<UInt8>) throws(DecodeFailure) {
        let rest = rest(of: frame)
        try rest.require(14, .ieee80211, at: offset)
        skip(14)
        limit(to: Int(rest.bigEndian16(at: 12)))
    }
}
