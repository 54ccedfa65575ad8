import Octets

/// A Linux «cooked» header, version 1 (LINKTYPE_LINUX_SLL).
///
///      0        2            4               6          14          16
///     | type    | ARPHRD     | address length| address  | protocol   |
///
/// - Invariant: `octets` starts with at least `byteCount` octets.
public struct LinuxCookedView: ~Escapable {
    public static let byteCount = 16
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCount, .linuxCooked, at: offset)
        self.octets = octets
    }

    /// The device's ARPHRD_ value.
    public var hardwareType: UInt16 { octets.bigEndian16(at: 2) }
    public var protocolType: UInt16 { octets.bigEndian16(at: 14) }
}

/// A Linux «cooked» header, version 2 (LINKTYPE_LINUX_SLL2).
///
///      0          2          4           8        10    11               12        20
///     | protocol | reserved | interface | ARPHRD | type | address length | address  |
///
/// - Invariant: `octets` starts with at least `byteCount` octets.
public struct LinuxCooked2View: ~Escapable {
    public static let byteCount = 20
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCount, .linuxCooked, at: offset)
        self.octets = octets
    }

    public var protocolType: UInt16 { octets.bigEndian16(at: 0) }
    public var hardwareType: UInt16 { octets.bigEndian16(at: 8) }
}

extension Walk {
    /// Device types whose protocol field is no EtherType (linux/if_arp.h).
    private static let ieee80211Device: UInt16 = 801
    private static let radiotapDevice: UInt16 = 803
    private static let netlinkDevice: UInt16 = 824

    mutating func linuxCooked(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.linuxCooked)
        let header = try LinuxCookedView(rest(of: frame), at: offset)
        skip(LinuxCookedView.byteCount)
        cookedProtocol(header.protocolType, device: header.hardwareType)
    }

    mutating func linuxCooked2(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.linuxCooked2)
        let header = try LinuxCooked2View(rest(of: frame), at: offset)
        skip(LinuxCooked2View.byteCount)
        cookedProtocol(header.protocolType, device: header.hardwareType)
    }

    private mutating func cookedProtocol(_ type: UInt16, device: UInt16) {
        switch device {
        case Self.ieee80211Device: next = .ieee80211(swappedControl: false)
        case Self.radiotapDevice: next = .radiotap
        case Self.netlinkDevice: next = .end
        default:
            // Below the EtherTypes stand Linux's own numbers (linux/if_ether.h): 4 is an 802.2 frame.
            if type == 4 {
                next = .llc
            } else if type > EtherType.lengthMax {
                next = .etherType(EtherType(rawValue: type))
            } else {
                next = .end
            }
        }
    }
}
