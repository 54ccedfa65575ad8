/// Why and where reading a record stopped. A flat value: refusing damaged input costs no allocation.
public struct EventFailure: Error, Equatable, Sendable {
    /// What could not be read.
    public enum Layer: UInt8, Sendable, CaseIterable {
        case recordFile, recordHeader
        case sslData, gnutlsData, nsprData, connData, masterSecret, bash, mysqld, postgres, packet, socketDestroyed
        case closed, directionClosed
    }

    public enum Reason: UInt8, Sendable, CaseIterable {
        /// The octets end inside the record.
        case truncated
        /// The record is longer than its type allows, or longer than what it holds.
        case oversized
        /// A length inside the record does not agree with the record's own.
        case inconsistentLength
        /// The version is not one that is known here.
        case versionMismatch
        /// The file does not begin as a record file does.
        case notARecordFile
        /// The record is of another type than the one asked for.
        case wrongType
        /// A field holds a value that has no meaning.
        case invalidField
    }

    public let layer: Layer
    public let reason: Reason
    /// Octets from the start of the buffer or file to where the reading stopped.
    public let offset: Int64
    /// Octets needed and octets there, where the reason is about a length; otherwise 0.
    public let needed: Int32, available: Int32

    @inline(always)
    public init(_ layer: Layer, _ reason: Reason, at offset: Int64, needed: Int = 0, available: Int = 0) {
        self.layer = layer
        self.reason = reason
        self.offset = offset
        self.needed = Int32(clamping: needed)
        self.available = Int32(clamping: available)
    }
}

extension EventFailure: CustomStringConvertible {
    public var description: String {
        let place = "\(layer) at octet \(offset)"
        return switch reason {
        case .truncated: "\(place): needs \(needed) octets, \(available) are there"
        case .oversized: "\(place): \(available) octets, at most \(needed) are allowed"
        case .inconsistentLength: "\(place): its lengths add up to \(needed) octets, the record has \(available)"
        case .versionMismatch: "\(place): version \(available), known is \(needed)"
        case .notARecordFile: "\(place): this is no record file"
        case .wrongType: "\(place): the record is of type \(available)"
        case .invalidField: "\(place): a field holds a value without meaning"
        }
    }
}
