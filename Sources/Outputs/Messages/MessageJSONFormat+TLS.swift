import Events
import Octets
import TLS

/// TLS connections as objects of type `tls_connection`.
extension MessageJSONFormat {
    public func append(_ summary: TLSSummary, _ info: BaseInfo, to buffer: inout OctetBuffer) {
        var latin1 = Latin1Members()
        buffer.append("{\"type\":\"tls_connection\",\"time\":")
        append(time: info.time, info, info.direction, &buffer, &latin1)
        func member(_ name: String, _ value: String?) {
            if let value { buffer.append(",\"\(name)\":\(JSONText.quoted(value))") }
        }
        member("version", summary.version == .none ? nil : summary.version.description)
        member("sni", summary.serverName)
        member("alpn", summary.applicationProtocol)
        if !summary.offeredProtocols.isEmpty {
            let names = summary.offeredProtocols.map(JSONText.quoted).joined(separator: ",")
            buffer.append(",\"alpn_offered\":[\(names)]")
        }
        member("cipher", summary.cipherSuite?.description)
        member("ja3", summary.ja3)
        member("ja4", summary.ja4)
        member("certificate_subject", summary.certificateSubject)
        buffer.append(",\"decrypted_octets\":\(summary.decryptedOctets)")
        buffer.append(",\"undecrypted_octets\":\(summary.undecryptedOctets)")
        member("reason", summary.cause?.description)
        append(latin1, &buffer)
        buffer.append("}\n")
    }
}
