/// What a parser met in a file, counted by kind. The sum of the packet kinds is the number of frames delivered.
public struct CaptureStatistics: Equatable, Sendable {
    /// Records of a classic capture delivered as frames.
    public internal(set) var records: UInt64 = 0
    public internal(set) var enhancedPacketBlocks: UInt64 = 0
    public internal(set) var simplePacketBlocks: UInt64 = 0
    public internal(set) var packetBlocks: UInt64 = 0

    public internal(set) var sections: UInt64 = 0
    public internal(set) var interfaceDescriptionBlocks: UInt64 = 0
    public internal(set) var nameResolutionBlocks: UInt64 = 0
    public internal(set) var interfaceStatisticsBlocks: UInt64 = 0
    public internal(set) var decryptionSecretsBlocks: UInt64 = 0
    public internal(set) var customBlocks: UInt64 = 0
    /// Blocks of any other type, skipped by their length.
    public internal(set) var unknownBlocks: UInt64 = 0

    /// Frames whose record holds no time (Simple Packet Blocks); theirs is 0.
    public internal(set) var framesWithoutTime: UInt64 = 0
    /// Frames of a classic capture whose part of a second is a second or more.
    public internal(set) var oddTimes: UInt64 = 0
    /// Frames whose time lies outside what nanoseconds in 64 bits can say (1677 ... 2262), set to the nearest.
    public internal(set) var clampedTimes: UInt64 = 0
    /// Frames whose captured length exceeds their length on the wire; kept as they are.
    public internal(set) var capturedBeyondWire: UInt64 = 0
    /// Sum of the drop counts that packet blocks carry (epb_dropcount, drops_count).
    public internal(set) var droppedBeforePackets: UInt64 = 0

    /// Well-framed records with contents that cannot be, skipped; indexed by `BadRecord.rawValue`.
    private var bad: [7 of UInt64] = .init(repeating: 0)
    /// Those of them that hold no packet.
    private var badBlocks: [7 of UInt64] = .init(repeating: 0)

    public init() {}

    public var frames: UInt64 { records + enhancedPacketBlocks + simplePacketBlocks + packetBlocks }
    public var badRecords: UInt64 { BadRecord.allCases.reduce(0) { $0 + self[$1] } }

    public internal(set) subscript(cause: BadRecord) -> UInt64 {
        get { bad[Int(cause.rawValue)] }
        set { bad[Int(cause.rawValue)] = newValue }
    }

    /// Packets that are lost for this cause: a bad option loses none, and neither does a block that holds none.
    public func packetsLost(_ cause: BadRecord) -> UInt64 {
        switch cause {
        case .badOption, .tooManyInterfaces: 0
        default: self[cause] - badBlocks[Int(cause.rawValue)]
        }
    }

    /// Counts a bad block that holds no packet.
    mutating func countBadBlock(_ cause: BadRecord) {
        self[cause] += 1
        badBlocks[Int(cause.rawValue)] += 1
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.records == b.records && a.enhancedPacketBlocks == b.enhancedPacketBlocks
            && a.simplePacketBlocks == b.simplePacketBlocks && a.packetBlocks == b.packetBlocks
            && a.sections == b.sections && a.interfaceDescriptionBlocks == b.interfaceDescriptionBlocks
            && a.nameResolutionBlocks == b.nameResolutionBlocks
            && a.interfaceStatisticsBlocks == b.interfaceStatisticsBlocks
            && a.decryptionSecretsBlocks == b.decryptionSecretsBlocks && a.customBlocks == b.customBlocks
            && a.unknownBlocks == b.unknownBlocks && a.framesWithoutTime == b.framesWithoutTime
            && a.oddTimes == b.oddTimes && a.clampedTimes == b.clampedTimes
            && a.capturedBeyondWire == b.capturedBeyondWire && a.droppedBeforePackets == b.droppedBeforePackets
            && BadRecord.allCases.allSatisfy { a[$0] == b[$0] && a.packetsLost($0) == b.packetsLost($0) }
    }
}

/// Why a well-framed record was skipped, or a part of it ignored.
public enum BadRecord: UInt8, CaseIterable, Sendable, CustomStringConvertible {
    /// A packet block names an interface its section does not describe.
    case unknownInterface
    /// The captured length exceeds the block that should hold it.
    case capturedLengthBeyondBlock
    /// The captured length exceeds what any reader accepts for the link type.
    case capturedLengthTooLarge
    /// The block is too short for its fixed fields.
    case blockTooShort
    /// The block is longer than its kind may be.
    case blockTooLong
    /// An option runs over the end of its block, or has a length its kind cannot have. The block's fixed fields were
    /// used.
    case badOption
    /// More interfaces than a frame record can name.
    case tooManyInterfaces

    public var description: String {
        switch self {
        case .unknownInterface: "unknown interface"
        case .capturedLengthBeyondBlock: "captured length beyond its block"
        case .capturedLengthTooLarge: "captured length too large"
        case .blockTooShort: "block too short"
        case .blockTooLong: "block too long"
        case .badOption: "bad option"
        case .tooManyInterfaces: "too many interfaces"
        }
    }
}
