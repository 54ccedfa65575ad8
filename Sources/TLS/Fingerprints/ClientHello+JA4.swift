import Events
import Octets

/// JA4: a fingerprint of clients that shuffle their extensions (github.com/FoxIO-LLC/ja4, technical_details/JA4.md). Of
/// TLS over TCP.
extension ClientHello {
    /// `t13d1516h2_8daaf6152771_e5627efa2ab1`: what can be read at sight, the cipher suites, the extensions.
    public func ja4(_ cryptography: any TLSCryptography) -> String {
        func digest(_ text: String) -> String {
            text.isEmpty
                ? "000000000000"
                : String(hexadecimal(cryptography.digest(.sha256, Array(text.utf8).span)).prefix(12))
        }
        return "\(ja4Start)_\(digest(ja4CipherSuites))_\(digest(ja4Extensions))"
    }

    /// The same with the lists themselves.
    public var ja4Raw: String { "\(ja4Start)_\(ja4CipherSuites)_\(ja4Extensions)" }

    private var ja4Start: String {
        let suites = cipherSuites.count { !GREASE.contains($0.rawValue) }
        let extensions = extensions.count { !GREASE.contains($0.rawValue) }
        let host = self.extensions.contains(.serverName) ? "d" : "i"
        return "t\(ja4Version)\(host)\(Self.twoDigits(suites))\(Self.twoDigits(extensions))\(ja4Protocol)"
    }

    private var ja4Version: String {
        let offered = supportedVersions.filter { !GREASE.contains($0.rawValue) }.max { $0.rawValue < $1.rawValue }
        switch offered ?? legacyVersion {
        case .tls13: return "13"
        case .tls12: return "12"
        case .tls11: return "11"
        case .tls10: return "10"
        case .ssl3: return "s3"
        case .ssl2: return "s2"
        default: return "00"
        }
    }

    private static func twoDigits(_ number: Int) -> String {
        let number = min(number, 99)
        return number < 10 ? "0\(number)" : "\(number)"
    }

    /// First and last character of the first protocol; of one whose ends are no letters or digits, those of its
    /// hexadecimal digits.
    private var ja4Protocol: String {
        guard let name = applicationProtocols.first, let first = name.first, let last = name.last else { return "00" }
        func isPlain(_ octet: UInt8) -> Bool {
            (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet)
        }
        if isPlain(first), isPlain(last) { return String(decoding: [first, last], as: UTF8.self) }
        return String(hexadecimal([first]).prefix(1)) + String(hexadecimal([last]).suffix(1))
    }

    private var ja4CipherSuites: String {
        Self.list(cipherSuites.map(\.rawValue).filter { !GREASE.contains($0) }.sorted())
    }

    /// Without SNI and ALPN, which say where a client goes and not what it is; then the signature algorithms in their
    /// order.
    private var ja4Extensions: String {
        let extensions = extensions.filter { $0 != .serverName && $0 != .applicationProtocols }.map(\.rawValue)
        let list = Self.list(extensions.filter { !GREASE.contains($0) }.sorted())
        let algorithms = signatureAlgorithms.filter { !GREASE.contains($0) }
        return algorithms.isEmpty ? list : "\(list)_\(Self.list(algorithms))"
    }

    private static func list(_ values: [UInt16]) -> String {
        values.map { hexadecimal([UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)]) }.joined(separator: ",")
    }
}
