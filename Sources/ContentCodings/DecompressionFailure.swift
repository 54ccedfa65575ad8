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
    /// Octets of the compressed file up to where decoding stopped.
    public let compressedOffset: Int64

    public var description: String {
        let what =
            switch reason {
            case .corrupt: "corrupt"
            case .truncated: "cut short"
            case .windowTooLarge: "compressed with a window over \(StreamDecompressor.windowOctetsMax >> 20) MiB"
            case .outOfMemory: "not readable: out of memory"
            }
        return "\(compression) data is \(what) at compressed octet \(compressedOffset)"
    }
}
