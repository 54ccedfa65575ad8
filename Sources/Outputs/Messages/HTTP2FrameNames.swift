/// HTTP/2's frame types and the names of their flags (RFC 9113 § 6). Other code points: `HTTP2CodePoints`.
enum HTTP2FrameNames {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let reset: UInt8 = 3
    static let settings: UInt8 = 4
    static let pushPromise: UInt8 = 5
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9

    /// The flags that mean something in frames of this type, and the bits that are left.
    static func flags(_ flags: UInt8, of type: UInt8) -> (names: [String], rest: UInt8) {
        var known: [(bit: UInt8, name: String)] = []
        switch type {
        case data: known = [(0x1, "END_STREAM"), (0x8, "PADDED")]
        case headers: known = [(0x1, "END_STREAM"), (0x4, "END_HEADERS"), (0x8, "PADDED"), (0x20, "PRIORITY")]
        case settings, ping: known = [(0x1, "ACK")]
        case pushPromise: known = [(0x4, "END_HEADERS"), (0x8, "PADDED")]
        case continuation: known = [(0x4, "END_HEADERS")]
        default: break
        }
        let set = known.filter { flags & $0.bit != 0 }
        return (set.map(\.name), set.reduce(flags) { $0 & ~$1.bit })
    }
}
