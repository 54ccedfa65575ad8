import Glibc

/// The addresses of this machine's interfaces.
public enum MachineAddresses {
    /// Of all interfaces, as they are now: four octets, or sixteen.
    public static func all() -> [[UInt8]] {
        var list: UnsafeMutablePointer<ifaddrs>?
        // SAFETY: getifaddrs(3) makes a list that lives until it is freed, once, below; an address's family says which
        // structure it is.
        guard unsafe getifaddrs(&list) == 0 else { return [] }
        defer { unsafe freeifaddrs(list) }
        var all: [[UInt8]] = []
        var next = unsafe list
        while let entry = unsafe next {
            // SAFETY: as above.
            unsafe next = entry.pointee.ifa_next
            guard let address = unsafe entry.pointee.ifa_addr else { continue }
            switch Int32(unsafe address.pointee.sa_family) {
            case AF_INET:
                unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                    all.append(unsafe withUnsafeBytes(of: address.pointee.sin_addr) { unsafe Array($0) })
                }
            case AF_INET6:
                // SAFETY: as above.
                unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                    all.append(unsafe withUnsafeBytes(of: address.pointee.sin6_addr) { unsafe Array($0) })
                }
            default: break
            }
        }
        return all
    }
}
