import Octets

/// Plaintext of one call to SSL_read or SSL_write of OpenSSL, BoringSSL. The layout of its records stands at `DataRecordView`,
/// which is how the pipeline reads them; this value owns its data.
public struct SSLDataEvent: Event {
    public static let recordType = RecordType.sslData

    /// Who and when, with the descriptor, the socket and the tuple where they are known.
    public var info: BaseInfo
    public var tlsVersion: TLSVersion
    /// Octets of this direction lost right before `data`; `nil`: some, nobody knows how many.
    public var missing: UInt64?
    /// At most `DataRecordView.dataOctetsMax` octets.
    public var data: [UInt8]

    public init(info: BaseInfo, data: [UInt8], tlsVersion: TLSVersion = .none, missing: UInt64? = 0) {
        self.info = info
        self.data = data
        self.tlsVersion = tlsVersion
        self.missing = missing
    }

    public init(record: Span<UInt8>, clock: ClockOffset, at offset: Int64) throws(EventFailure) {
        let view = try DataRecordView(record, at: offset)
        guard view.type == Self.recordType else {
            throw EventFailure(Self.recordType.layer, .wrongType, at: offset, available: Int(view.type.rawValue))
        }
        info = view.baseInfo(clock)
        tlsVersion = view.tlsVersion
        missing = view.missing
        data = []
        data.append(contentsOf: view.data)
    }

    public func encode(into buffer: inout OctetBuffer) {
        let kept = data.span.extracting(0..<min(data.count, DataRecordView.dataOctetsMax))
        buffer.append(data: kept, of: info, as: Self.recordType, tlsVersion: tlsVersion, missing: missing)
    }

    public var baseInfo: BaseInfo { info }
    public var payload: [UInt8] { data }

    public func appendText(to buffer: inout OctetBuffer) {
        buffer.append(plaintext: data.span, of: info, isHex: false)
    }

    public func appendHex(to buffer: inout OctetBuffer) {
        buffer.append(plaintext: data.span, of: info, isHex: true)
    }
}
