/// How a file is compressed, told by its first octets.
public enum Compression: UInt8, Sendable, Hashable, CaseIterable {
    /// RFC 1952.
    case gzip
    /// RFC 8878.
    case zstd

    /// Octets that `detect` needs to tell every compression from everything else.
    public static let prefixOctets = 4

    /// Recognises the compression by its magic number; `nil` for anything else, also for a prefix too short to tell.
    public static func detect(_ prefix: Span<UInt8>) -> Compression? {
        if prefix.count >= 3, prefix[0] == 0x1F, prefix[1] == 0x8B, prefix[2] == 8 { return .gzip }
        guard prefix.count >= 4 else { return nil }
        let magic = (UInt32(prefix[3]) << 24 | UInt32(prefix[2]) << 16) | (UInt32(prefix[1]) << 8 | UInt32(prefix[0]))
        // A file may start with a skippable frame (RFC 8878 § 3.1.2).
        return magic == 0xFD2F_B528 || magic & 0xFFFF_FFF0 == 0x184D_2A50 ? .zstd : nil
    }
}
