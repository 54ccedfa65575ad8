/// What the connections of one thread share: the library, the keys, and memory for one record.
public final class TLSWorkspace {
    public let cryptography: any TLSCryptography
    public var keys: KeyLog
    public var ledger = TLSLedger()
    /// Of the record that was opened last.
    var plaintext: [UInt8] = []

    public init(_ cryptography: any TLSCryptography, keys: KeyLog = KeyLog()) {
        self.cryptography = cryptography
        self.keys = keys
    }
}
