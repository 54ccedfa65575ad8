import Octets

/// The libraries that the dynamic loader finds by name: /etc/ld.so.cache, which ldconfig(8) writes.
///
///     "glibc-ld.so.cache1.1", u32 entries, u32 octets of strings, 20 octets, then per entry:
///     i32 flags, u32 name, u32 path (offsets in the file), u32 release, u64 hardware
public enum LoaderCache {
    public static let path = "/etc/ld.so.cache"

    private static let magic = Array("glibc-ld.so.cache1.1".utf8)
    private static let headerOctets = 48
    private static let entryOctets = 24
    /// No path of Linux is longer.
    private static let textMax = 4_096

    /// The files of all libraries of 64 bits, in order; none where the file is not of this format.
    public static func libraries(in octets: [UInt8]) -> [String] {
        let span = octets.span
        // Old caches begin with another table, for readers long gone, and hold the new one behind it.
        guard octets.count >= headerOctets, octets.starts(with: magic) else { return [] }
        let count = Int(span.littleEndian32(at: 20))
        guard count <= (octets.count - headerOctets) / entryOctets else { return [] }
        return (0..<count).compactMap { index in
            let entry = headerOctets + index * entryOctets
            // ELF, glibc, of 64 bits (sysdeps/generic/ldconfig.h: FLAG_X8664_LIB64, FLAG_AARCH64_LIB64).
            let flags = span.littleEndian32(at: entry)
            guard flags == 0x0303 || flags == 0x0A03 else { return nil }
            return text(octets, at: Int(span.littleEndian32(at: entry + 8)))
        }
    }

    private static func text(_ octets: [UInt8], at offset: Int) -> String? {
        guard offset < octets.count else { return nil }
        let rest = octets[offset...].prefix(textMax)
        guard let end = rest.firstIndex(of: 0) else { return nil }
        return String(decoding: rest[..<end], as: UTF8.self)
    }
}
