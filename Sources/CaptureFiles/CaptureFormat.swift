/// What kind of capture file the first octets announce.
public enum CaptureFormat: Equatable, Sendable {
    case pcap(PcapHeader)
    /// With the byte order of the current section.
    case pcapng(ByteOrder)
}

/// How finely a classic capture counts the parts of a second.
public enum SecondFraction: UInt8, Sendable, Hashable {
    case microseconds
    case nanoseconds

    @inline(always) var nanosecondsPerUnit: UInt32 { self == .microseconds ? 1000 : 1 }
}
