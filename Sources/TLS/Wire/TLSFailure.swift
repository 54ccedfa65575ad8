/// Why a TLS structure could not be read.
public struct TLSFailure: Error, Equatable, Sendable {
    public enum Structure: UInt8, Sendable, CaseIterable {
        case record, handshake, clientHello, serverHello, certificate, distinguishedName
    }

    public enum Reason: UInt8, Sendable, CaseIterable {
        /// The octets end inside the structure.
        case truncated
        /// A length field claims more than the enclosing structure holds.
        case lengthBeyondStructure
        /// A field holds a value that its specification forbids.
        case invalidField
    }

    public let structure: Structure
    public let reason: Reason
    /// Octets from the start of the structure.
    public let offset: Int32

    public init(_ structure: Structure, _ reason: Reason, at offset: Int) {
        self.structure = structure
        self.reason = reason
        self.offset = Int32(clamping: offset)
    }
}
