/// What a pcapng block is (pcapng § 10.1). Any value is legal; some have names.
public struct BlockType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32
    @inline(always) public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The same in both byte orders, so that it is recognised before the order is known.
    public static let sectionHeader = BlockType(rawValue: 0x0A0D_0D0A)
    public static let interfaceDescription = BlockType(rawValue: 1)
    /// Obsolete since 2004 (pcapng appendix A), still found.
    public static let packet = BlockType(rawValue: 2)
    public static let simplePacket = BlockType(rawValue: 3)
    public static let nameResolution = BlockType(rawValue: 4)
    public static let interfaceStatistics = BlockType(rawValue: 5)
    public static let enhancedPacket = BlockType(rawValue: 6)
    public static let decryptionSecrets = BlockType(rawValue: 10)
    public static let custom = BlockType(rawValue: 0x0000_0BAD)
    public static let customNotCopied = BlockType(rawValue: 0x4000_0BAD)

    var holdsFrame: Bool { self == .enhancedPacket || self == .packet || self == .simplePacket }
}
