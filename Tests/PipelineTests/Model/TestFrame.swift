import CaptureFiles
import Headers

/// A frame on its way into a capture file.
struct TestFrame {
    var time: Int64
    var octets: [UInt8]
    var wireLength: UInt32
    var linkType = LinkType.ethernet

    init(time: Int64, octets: [UInt8], wireLength: UInt32? = nil, linkType: LinkType = .ethernet) {
        self.time = time
        self.octets = octets
        self.wireLength = wireLength ?? UInt32(octets.count)
        self.linkType = linkType
    }
}

extension [TestFrame] {
    /// A pcapng capture with an interface of nanoseconds for each link type. A frame at time 0 becomes a Simple Packet
    /// Block, which has none, if it is of the first interface.
    func pcapng() -> [UInt8] {
        var octets: [UInt8] = []
        var writer = PcapngWriter()
        var interfaces: [LinkType: UInt32] = [:]
        writer.appendSectionHeader(to: &octets)
        for frame in self {
            let number = interfaces[frame.linkType] ?? UInt32(interfaces.count)
            if interfaces.updateValue(number, forKey: frame.linkType) == nil {
                var interface = CaptureInterface(linkType: frame.linkType.rawValue)
                interface.resolution = .nanoseconds
                writer.appendInterface(interface, to: &octets)
            }
            if frame.time == 0, number == 0 {
                writer.appendSimplePacket(wireLength: frame.wireLength, frame: frame.octets.span, to: &octets)
            } else {
                writer.appendPacket(
                    interface: number, time: frame.time, wireLength: frame.wireLength, frame: frame.octets.span,
                    to: &octets)
            }
        }
        return octets
    }

    /// A classic capture in nanoseconds; every frame must be Ethernet.
    func pcap() -> [UInt8] {
        var octets: [UInt8] = []
        let writer = PcapWriter(linkType: LinkType.ethernet.rawValue, fraction: .nanoseconds)
        writer.appendHeader(to: &octets)
        for frame in self {
            precondition(frame.linkType == .ethernet, "a classic capture has one link type")
            writer.appendRecord(
                time: frame.time, wireLength: frame.wireLength, frame: frame.octets.span, to: &octets)
        }
        return octets
    }
}
