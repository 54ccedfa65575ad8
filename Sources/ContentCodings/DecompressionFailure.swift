/// Why a compressed stream yields nothing more.
public struct DecompressionFailure: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Reason: UInt8, Error, Sendable, CaseIterable {
        /// The octets are not what the format allows, or a checksum differs.
        case corrupt
        /// The stream ends before its end marker.
        case truncated
        /// The stream asks for a larger window than `StreamDecompressor.windowOctetsMax`.
        case windowTooLarge
        case outOfMemory
    }

    public let reason: Reason
    public let compression: Compression
    /// Octets of the compressed file up to where decoding stopped: of zstd up to the block that could not be decoded.
    public let compressedOffset: Int64

    public var description: String {
        let what =
            switch reason {
            // The damage may lie before where it shows.
            case .corrupt: "corrupt near"
            case .truncated: "cut short at"
            case .windowTooLarge: "compressed with a window over \(StreamDecompressor.windowOctetsMax >> 20) MiB at"
            case .outOfMemory: "not readable, as memory is short, from"
            }
        return "\(compression) data is \(what) octet \(compressedOffset) of the compressed file"
    }
}
