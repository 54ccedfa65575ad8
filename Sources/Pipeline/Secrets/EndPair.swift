import Headers

/// The two ends of a TCP connection, whichever sends.
struct EndPair: Hashable, Sendable {
    private let addresses: (low: IPAddress, high: IPAddress)
    private let ports: (low: UInt16, high: UInt16)

    init(_ info: PacketInfo) {
        let isOrdered =
            info.source == info.destination ? info.sourcePort <= info.destinationPort : info.source < info.destination
        addresses = isOrdered ? (info.source, info.destination) : (info.destination, info.source)
        ports = isOrdered ? (info.sourcePort, info.destinationPort) : (info.destinationPort, info.sourcePort)
    }

    static func == (a: Self, b: Self) -> Bool { a.addresses == b.addresses && a.ports == b.ports }

    func hash(into hasher: inout Hasher) {
        hasher.combine(addresses.low)
        hasher.combine(addresses.high)
        hasher.combine(UInt32(ports.low) << 16 | UInt32(ports.high))
    }
}
