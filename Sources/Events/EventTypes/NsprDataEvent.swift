/// Plaintext of one call to PR_Read, PR_Recv, PR_Write or PR_Send of NSPR.
public struct NsprDataEvent: PlaintextEvent {
    public static let recordType = RecordType.nsprData

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
