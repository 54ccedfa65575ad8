import Events
import Octets
import TLS

/// What is public of a TLS connection that was not decrypted, or not wholly.
extension MessageTextFormat {
    /// Nothing where all of it was decrypted: the messages have been shown.
    ///
    ///     Src:10.0.0.1:40000, Dest:10.0.0.2:443,
    ///     [TLS 1.3, example.com, h2, TLS_AES_128_GCM_SHA256: 5120 octets not decrypted, no key]
    ///     [JA3 …, JA4 …]
    public func append(_ summary: TLSSummary, _ info: BaseInfo, to buffer: inout OctetBuffer) {
        guard summary.undecryptedOctets > 0 || summary.decryptedOctets == 0 else { return }
        append(heading: info, &buffer)
        var parts = [summary.version == .none ? "TLS" : summary.version.description]
        if let name = summary.serverName { parts.append(name) }
        if let name = summary.applicationProtocol ?? summary.offeredProtocols.first { parts.append(name) }
        if let suite = summary.cipherSuite { parts.append(suite.description) }
        var line = parts.joined(separator: ", ")
        if summary.undecryptedOctets > 0 {
            line += ": \(summary.undecryptedOctets) octets not decrypted"
            if let cause = summary.cause { line += ", \(cause)" }
        }
        append(inBrackets: line, &buffer)
        let prints = [summary.ja3.map { "JA3 \($0)" }, summary.ja4.map { "JA4 \($0)" }].compactMap { $0 }
        if !prints.isEmpty { append(inBrackets: prints.joined(separator: ", "), &buffer) }
        if let subject = summary.certificateSubject { append(inBrackets: "certificate of \(subject)", &buffer) }
        buffer.append("\n")
    }

    /// Names come from the wire: nothing in them may drive a terminal.
    private func append(inBrackets text: String, _ buffer: inout OctetBuffer) {
        buffer.append("[")
        buffer.append(terminal: Array(text.utf8).span, .escaped)
        buffer.append("]\n")
    }
}
