import Octets

/// Plaintext of one call to a TLS library's read or write function: the events of all libraries are alike but for the
/// type of their records.
///
/// The layout of the records stands at `DataRecordView`, which is how the pipeline reads them; these values own their
/// data.
public protocol PlaintextEvent: Event {
    /// Who and when, with the descriptor, the socket and the tuple where they are known.
    var info: BaseInfo { get set }
    var tlsVersion: TLSVersion { get set }
    /// Octets of this direction lost right before `data`; `nil`: some, nobody knows how many.
    var missing: UInt64? { get set }
    /// At most `DataRecordView.dataOctetsMax` octets.
    var data: [UInt8] { get set }

    init(info: BaseInfo, data: [UInt8], tlsVersion: TLSVersion, missing: UInt64?)
}

extension PlaintextEvent {
    public init(record: Span<UInt8>, clock: ClockOffset, at offset: Int64) throws(EventFailure) {
        let view = try DataRecordView(record, at: offset)
        guard view.type == Self.recordType else {
            throw EventFailure(Self.recordType.layer, .wrongType, at: offset, available: Int(view.type.rawValue))
        }
        var data: [UInt8] = []
        data.append(contentsOf: view.data)
        self.init(info: view.baseInfo(clock), data: data, tlsVersion: view.tlsVersion, missing: view.missing)
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
