import Events
import Octets

/// A secret of a TLS connection, seen when a program derived it.
public struct DerivedSecret: Equatable, Sendable {
    /// What it is for.
    public let purpose: MasterSecretEvent.Secret
    /// It has taken the place of the one before: keys were updated (RFC 8446 § 7.2). Readers of key logs make it
    /// themselves of the first one.
    public let isUpdate: Bool
    /// By which key logs name the connection: 32 octets.
    public let clientRandom: [UInt8]
    /// The secret itself: 1 to 64 octets.
    public let octets: [UInt8]
    /// Who derived it, and when: nanoseconds since 1970, process, thread and its name.
    public let info: BaseInfo

    public init(
        purpose: MasterSecretEvent.Secret, isUpdate: Bool = false, clientRandom: [UInt8], octets: [UInt8],
        info: BaseInfo
    ) {
        self.purpose = purpose
        self.isUpdate = isUpdate
        self.clientRandom = clientRandom
        self.octets = octets
        self.info = info
    }

    /// The label of key log files (RFC 9850). Of an update OpenSSL ends it with `_N`, whichever it is.
    public var keyLogLabel: String {
        isUpdate ? "\(purpose.keyLogLabel.dropLast())N" : purpose.keyLogLabel
    }

    /// Its line of a key log, with the line's end.
    public func appendKeyLog(to buffer: inout OctetBuffer) {
        buffer.append("\(keyLogLabel) ")
        buffer.append(hexadecimal: clientRandom.span)
        buffer.append(" ")
        buffer.append(hexadecimal: octets.span)
        buffer.append("\n")
    }
}
