/// Plaintext of one call to SSL_read or SSL_write of OpenSSL, BoringSSL.
public struct SSLDataEvent: PlaintextEvent {
    public static let recordType = RecordType.sslData

    public var info: BaseInfo
    public var tlsVersion: TLSVersion
    public var missing: UInt64?
    public var data: [UInt8]

    public init(info: BaseInfo, data: [UInt8], tlsVersion: TLSVersion = .none, missing: UInt64? = 0) {
        self.info = info
        self.data = data
        self.tlsVersion = tlsVersion
        self.missing = missing
    }
}
