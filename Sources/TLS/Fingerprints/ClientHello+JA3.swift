import Octets

/// JA3: what a client says in the clear, as a digest (github.com/salesforce/ja3, README).
extension ClientHello {
    /// `version,cipher suites,extensions,groups,point formats`, decimal, without GREASE.
    public var ja3Text: String {
        [
            String(legacyVersion.rawValue), Self.list(cipherSuites.map(\.rawValue)),
            Self.list(extensions.map(\.rawValue)), Self.list(supportedGroups), Self.list(pointFormats.map(UInt16.init)),
        ].joined(separator: ",")
    }

    /// The MD5 of it, in hexadecimal digits.
    public func ja3(_ cryptography: any TLSCryptography) -> String {
        hexadecimal(cryptography.digest(.md5, Array(ja3Text.utf8).span))
    }

    private static func list(_ values: [UInt16]) -> String {
        values.filter { !GREASE.contains($0) }.map(String.init).joined(separator: "-")
    }
}

/// Octets as digits, lower-case.
func hexadecimal(_ octets: [UInt8]) -> String {
    var buffer = OctetBuffer()
    buffer.append(hexadecimal: octets.span)
    return buffer.description
}
