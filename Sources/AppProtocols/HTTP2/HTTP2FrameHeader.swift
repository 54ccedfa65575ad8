import Octets

/// The nine octets in front of every frame (RFC 9113 § 4.1).
///
///      +-----------------------------------------------+
///      |                 Length (24)                   |
///      +---------------+---------------+---------------+
///      |   Type (8)    |   Flags (8)   |
///      +-+-------------+---------------+-------------------------------+
///      |R|                 Stream Identifier (31)                      |
///      +-+-------------------------------------------------------------+
struct HTTP2FrameHeader: Equatable {
    static let octetCount = 9
    /// The largest payload an end must take before it announces more (§ 6.5.2).
    static let lengthMaxInitial = 16_384

    var length = 0
    var type = HTTP2FrameType.data
    var flags: UInt8 = 0
    var streamID: UInt32 = 0
    var isReservedBitSet = false

    init() {}

    /// Reads the header at `offset`; nine octets must be there.
    @inline(always)
    init(_ octets: Span<UInt8>, at offset: Int) {
        let first = octets.bigEndian32(at: offset)
        length = Int(first >> 8)
        type = HTTP2FrameType(rawValue: UInt8(truncatingIfNeeded: first))
        flags = octets[offset + 4]
        let stream = octets.bigEndian32(at: offset + 5)
        streamID = stream & 0x7FFF_FFFF
        isReservedBitSet = stream >> 31 != 0
    }

    // Flags (§ 6.1 ... § 6.10); which of them mean anything depends on the type.
    var isEndStream: Bool { flags & 0x01 != 0 }
    var isAcknowledgement: Bool { flags & 0x01 != 0 }
    var isEndHeaders: Bool { flags & 0x04 != 0 }
    var isPadded: Bool { flags & 0x08 != 0 }
    var hasPriority: Bool { flags & 0x20 != 0 }

    /// The header as it was on the wire.
    func append(to wire: inout [UInt8]) {
        wire.appendBigEndian(UInt32(length) << 8 | UInt32(type.rawValue))
        wire.append(flags)
        wire.appendBigEndian(streamID | (isReservedBitSet ? 0x8000_0000 : 0))
    }

    /// Whether an end would send this, so that it can be told from other octets: a known type, only flags that it
    /// has, a length it can have, and a stream where it belongs. Ends that break rules are not looked for.
    func isPlausible(lengthMax: Int) -> Bool {
        // No connection comes to 2²⁴ streams in practice, and other protocols' octets mostly do.
        guard length <= lengthMax, !isReservedBitSet, streamID < 1 << 24 else { return false }
        let isOnStream = streamID != 0
        switch type {
        case .data: return isOnStream && flags & ~0x09 == 0 && (length > 0 || isEndStream)
        case .headers:
            let prefix = (isPadded ? 1 : 0) + (hasPriority ? 5 : 0)
            return isOnStream && flags & ~0x2D == 0 && length > prefix
        case .priority: return isOnStream && flags == 0 && length == 5
        case .resetStream: return isOnStream && flags == 0 && length == 4
        case .settings:
            return !isOnStream && (flags == 0 || (flags == 1 && length == 0)) && length % 6 == 0 && length <= 384
        case .pushPromise:
            return streamID & 1 == 1 && flags & ~0x0C == 0 && length > (isPadded ? 5 : 4)
        case .ping: return !isOnStream && flags & ~0x01 == 0 && length == 8
        case .goAway: return !isOnStream && flags == 0 && length >= 8
        case .windowUpdate: return flags == 0 && length == 4
        case .continuation: return isOnStream && flags & ~0x04 == 0
        case .alternativeService: return flags == 0 && length >= 2
        case .origin: return !isOnStream && flags == 0
        case .priorityUpdate: return !isOnStream && flags == 0 && length >= 4
        default: return false
        }
    }
}

/// What a frame is (§ 6, and the IANA registry of HTTP/2 frame types). Any value is legal; only some have names.
struct HTTP2FrameType: RawRepresentable, Hashable {
    let rawValue: UInt8
    init(rawValue: UInt8) { self.rawValue = rawValue }

    static let data = HTTP2FrameType(rawValue: 0)
    static let headers = HTTP2FrameType(rawValue: 1)
    static let priority = HTTP2FrameType(rawValue: 2)
    static let resetStream = HTTP2FrameType(rawValue: 3)
    static let settings = HTTP2FrameType(rawValue: 4)
    static let pushPromise = HTTP2FrameType(rawValue: 5)
    static let ping = HTTP2FrameType(rawValue: 6)
    static let goAway = HTTP2FrameType(rawValue: 7)
    static let windowUpdate = HTTP2FrameType(rawValue: 8)
    static let continuation = HTTP2FrameType(rawValue: 9)
    /// RFC 7838.
    static let alternativeService = HTTP2FrameType(rawValue: 10)
    /// RFC 8336.
    static let origin = HTTP2FrameType(rawValue: 12)
    /// RFC 9218.
    static let priorityUpdate = HTTP2FrameType(rawValue: 16)
}
