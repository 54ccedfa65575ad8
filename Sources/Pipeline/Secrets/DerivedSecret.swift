import Events
import Octets

/// A secret of a TLS connection, seen when a program derived it.
public struct DerivedSecret: Equatable, Sendable {
    /// What it is for. Its `keyLogLabel` is that of key log files (RFC 9850).
    public let purpose: MasterSecretEvent.Secret
    /// By which key logs name the connection: 32 octets.
    public let clientRandom: [UInt8]
    /// The secret itself: 1 to 64 octets.
    public let octets: [UInt8]
    /// Who derived it, and when: nanoseconds since 1970, process, thread and its name.
    public let info: BaseInfo

    public init(purpose: MasterSecretEvent.Secret, clientRandom: [UInt8], octets: [UInt8], info: BaseInfo) {
        self.purpose = purpose
        self.clientRandom = clientRandom
        self.octets = octets
        self.info = info
    }

    /// Its line of a key log, with the line's end.
    public func appendKeyLog(to buffer: inout OctetBuffer) {
        buffer.append("\(purpose.keyLogLabel) ")
        buffer.append(hexadecimal: clientRandom.span)
        buffer.append(" ")
        buffer.append(hexadecimal: octets.span)
        buffer.append("\n")
    }
}
