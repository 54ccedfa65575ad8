/// A cipher suite by its number in IANA's registry. Any value is legal; many have names.
public struct CipherSuite: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// What is needed to undo a suite's encryption.
    public struct Algorithms: Equatable, Sendable {
        public var cipher: BulkCipher
        /// Of the authentication code, where the cipher does not bring its own.
        public var mac: HashAlgorithm?
        /// Of the key schedule from TLS 1.2 on.
        public var schedule: HashAlgorithm
    }

    /// `nil` where nothing here can decrypt it.
    public var algorithms: Algorithms? {
        guard let name = Self.names[rawValue] else { return nil }
        var ending = Substring(name)
        if let range = Self.place(of: "_WITH_", in: name) {
            ending = name[range...]
        } else if name.hasPrefix("TLS_") {
            ending = name.dropFirst(4)
        }
        return Self.endings[String(ending)]
    }

    /// The place behind `part`. (The standard library has no search for text without Foundation.)
    private static func place(of part: String, in name: String) -> String.Index? {
        var start = name.startIndex
        while start < name.endIndex {
            if name[start...].hasPrefix(part) { return name.index(start, offsetBy: part.count) }
            start = name.index(after: start)
        }
        return nil
    }

    /// By what a suite's name ends with (RFC 5246 appendix C; RFC 5288, 5289, 6655, 7905; RFC 8446 appendix B.4).
    private static let endings: [String: Algorithms] = [
        "AES_128_GCM_SHA256": Algorithms(cipher: .aes128GCM, mac: nil, schedule: .sha256),
        "AES_256_GCM_SHA384": Algorithms(cipher: .aes256GCM, mac: nil, schedule: .sha384),
        "CHACHA20_POLY1305_SHA256": Algorithms(cipher: .chaCha20Poly1305, mac: nil, schedule: .sha256),
        "AES_128_CCM_SHA256": Algorithms(cipher: .aes128CCM, mac: nil, schedule: .sha256),
        "AES_128_CCM_8_SHA256": Algorithms(cipher: .aes128CCM8, mac: nil, schedule: .sha256),
        "AES_128_CCM": Algorithms(cipher: .aes128CCM, mac: nil, schedule: .sha256),
        "AES_128_CCM_8": Algorithms(cipher: .aes128CCM8, mac: nil, schedule: .sha256),
        "AES_256_CCM": Algorithms(cipher: .aes256CCM, mac: nil, schedule: .sha256),
        "AES_256_CCM_8": Algorithms(cipher: .aes256CCM8, mac: nil, schedule: .sha256),
        "AES_128_CBC_SHA": Algorithms(cipher: .aes128CBC, mac: .sha1, schedule: .sha256),
        "AES_256_CBC_SHA": Algorithms(cipher: .aes256CBC, mac: .sha1, schedule: .sha256),
        "AES_128_CBC_SHA256": Algorithms(cipher: .aes128CBC, mac: .sha256, schedule: .sha256),
        "AES_256_CBC_SHA256": Algorithms(cipher: .aes256CBC, mac: .sha256, schedule: .sha256),
        "AES_256_CBC_SHA384": Algorithms(cipher: .aes256CBC, mac: .sha384, schedule: .sha384),
    ]
}

extension CipherSuite: CustomStringConvertible {
    /// `TLS_AES_128_GCM_SHA256`; a suite without a name as `0x1306`.
    public var description: String {
        if let name = Self.names[rawValue] { return name }
        let digits = String(rawValue, radix: 16)
        return "0x" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }
}

/// How records are encrypted.
public enum BulkCipher: UInt8, Sendable, CaseIterable {
    case aes128GCM, aes256GCM, chaCha20Poly1305
    case aes128CCM, aes256CCM, aes128CCM8, aes256CCM8
    case aes128CBC, aes256CBC

    public var keyOctets: Int {
        switch self {
        case .aes128GCM, .aes128CCM, .aes128CCM8, .aes128CBC: 16
        case .aes256GCM, .aes256CCM, .aes256CCM8, .aes256CBC, .chaCha20Poly1305: 32
        }
    }

    /// Octets of the authentication tag; 0 where the cipher does not bring one.
    public var tagOctets: Int {
        switch self {
        case .aes128GCM, .aes256GCM, .chaCha20Poly1305, .aes128CCM, .aes256CCM: 16
        case .aes128CCM8, .aes256CCM8: 8
        case .aes128CBC, .aes256CBC: 0
        }
    }

    public var isBlockCipher: Bool { self == .aes128CBC || self == .aes256CBC }
}

/// How octets are digested.
public enum HashAlgorithm: UInt8, Sendable, CaseIterable {
    case md5, sha1, sha256, sha384

    public var octets: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        case .sha384: 48
        }
    }
}
