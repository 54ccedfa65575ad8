import CPcap

/// A network interface of this machine, as libpcap names it.
public struct NetworkInterface: Equatable, Sendable {
    public var name: String
    /// What is known of it beside its name; often empty.
    public var details: String
    public var isUp: Bool
    public var isLoopback: Bool
    /// IPv4 and IPv6 addresses as text.
    public var addresses: [String]

    /// All interfaces that libpcap knows, in its order: usual ones first.
    public static func all() throws(InterfaceFailure) -> [NetworkInterface] {
        var list: UnsafeMutablePointer<pcap_if_t>?
        // SAFETY: pcap_findalldevs(3) writes the list and at most PCAP_ERRBUF_SIZE octets of text during the call; the
        // list is read before it is freed, and once.
        let message = unsafe withErrorText { text in unsafe pcap_findalldevs(&list, text) == 0 }
        if let message { throw .other(interface: "any interface", message: message) }
        defer { unsafe pcap_freealldevs(list) }
        var all: [NetworkInterface] = []
        var next = unsafe list
        while let device = unsafe next {
            unsafe all.append(NetworkInterface(device.pointee))
            unsafe next = device.pointee.next
        }
        return all
    }

    private init(_ device: pcap_if_t) {
        // SAFETY: names and descriptions are NUL-terminated and live as long as the list, which the caller holds.
        unsafe name = String(cString: device.name)
        unsafe details = device.description.map { unsafe String(cString: $0) } ?? ""
        let flags = unsafe device.flags
        isUp = flags & UInt32(PCAP_IF_UP) != 0
        isLoopback = flags & UInt32(PCAP_IF_LOOPBACK) != 0
        addresses = []
        var next = unsafe device.addresses
        while let address = unsafe next {
            if let text = unsafe Self.text(address.pointee.addr) { addresses.append(text) }
            unsafe next = address.pointee.next
        }
    }

    /// The numeric form of an IP address; `nil` for other kinds.
    private static func text(_ address: UnsafeMutablePointer<sockaddr>?) -> String? {
        guard let address = unsafe address else { return nil }
        let family = Int32(unsafe address.pointee.sa_family)
        guard family == AF_INET || family == AF_INET6 else { return nil }
        let size = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        // SAFETY: the family says how long the address is; getnameinfo(3) writes a NUL-terminated text of at most 64
        // octets into the buffer.
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            let flags = NI_NUMERICHOST
            guard unsafe getnameinfo(address, socklen_t(size), text.baseAddress, 64, nil, 0, flags) == 0
            else { return nil }
            return unsafe String(cString: text.baseAddress!)
        }
    }
}

/// Calls `body` with room for an error text of libpcap. Returns the text if `body` fails, `nil` if it succeeds.
@unsafe func withErrorText(_ body: (UnsafeMutablePointer<CChar>) -> Bool) -> String? {
    // SAFETY: PCAP_ERRBUF_SIZE is the size that libpcap demands; the text is NUL-terminated from the start.
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PCAP_ERRBUF_SIZE)) { text in
        unsafe text[0] = 0
        if unsafe body(text.baseAddress!) { return nil }
        return unsafe String(cString: text.baseAddress!)
    }
}
