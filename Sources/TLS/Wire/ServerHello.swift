import Events
import Octets

/// What a server chose (RFC 8446 § 4.1.3, RFC 5246 § 7.4.1.3).
public struct ServerHello: Sendable, Equatable {
    public var legacyVersion = TLSVersion.none
    /// 32 octets.
    public var random: [UInt8] = []
    public var sessionID: [UInt8] = []
    public var cipherSuite = CipherSuite(rawValue: 0)
    public var compression: UInt8 = 0
    public var extensions: [ExtensionType] = []
    /// What supported_versions says: TLS 1.3 or later.
    public var selectedVersion: TLSVersion?
    /// Up to TLS 1.2; later it is in EncryptedExtensions.
    public var applicationProtocol: [UInt8]?
    /// Where reading stopped, if before the end.
    public var stopped: TLSFailure?

    /// SHA-256 of «HelloRetryRequest»: a ServerHello with this random asks for another ClientHello (RFC 8446 § 4.1.3).
    static let retryRandom: [UInt8] = [
        0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
        0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
    ]

    public init() {}

    /// - Parameter body: the message without its header.
    /// - Throws: where not even the cipher suite could be read.
    public init(_ body: Span<UInt8>) throws(TLSFailure) {
        var reader = FieldReader(body, .serverHello)
        legacyVersion = TLSVersion(rawValue: try reader.uint16())
        random = [UInt8](body, try reader.octets(ClientHello.randomOctets))
        sessionID = [UInt8](body, try reader.vector8())
        cipherSuite = CipherSuite(rawValue: try reader.uint16())
        compression = try reader.uint8()
        do throws(TLSFailure) {
            guard !reader.isAtEnd else { return }
            var list = FieldReader(body, try reader.vector16(), .serverHello)
            while !list.isAtEnd {
                let type = ExtensionType(rawValue: try list.uint16())
                let value = try list.vector16()
                extensions.append(type)
                var content = FieldReader(body, value, .serverHello)
                if type == .supportedVersions { selectedVersion = TLSVersion(rawValue: try content.uint16()) }
                if type == .applicationProtocols { applicationProtocol = try Self.chosenProtocol(body, value) }
            }
        } catch {
            stopped = error
        }
    }

    public var version: TLSVersion { selectedVersion ?? legacyVersion }

    public var isRetryRequest: Bool { random == Self.retryRandom }

    /// The one name in a server's ALPN extension (RFC 7301 § 3.1).
    static func chosenProtocol(_ octets: Span<UInt8>, _ value: Range<Int>) throws(TLSFailure) -> [UInt8] {
        var reader = FieldReader(octets, value, .serverHello)
        var names = FieldReader(octets, try reader.vector16(), .serverHello)
        return [UInt8](octets, try names.vector8())
    }

    /// What EncryptedExtensions say of the protocol (RFC 8446 § 4.3.1).
    static func chosenProtocol(inEncryptedExtensions body: Span<UInt8>) throws(TLSFailure) -> [UInt8]? {
        guard let value = try value(of: .applicationProtocols, inEncryptedExtensions: body) else { return nil }
        return try chosenProtocol(body, value)
    }

    /// Whether EncryptedExtensions say that early data is taken (RFC 8446 § 4.2.10).
    static func takesEarlyData(inEncryptedExtensions body: Span<UInt8>) throws(TLSFailure) -> Bool {
        try value(of: .earlyData, inEncryptedExtensions: body) != nil
    }

    /// Where an extension's value lies.
    private static func value(
        of wanted: ExtensionType, inEncryptedExtensions body: Span<UInt8>
    ) throws(TLSFailure) -> Range<Int>? {
        var reader = FieldReader(body, .serverHello)
        var list = FieldReader(body, try reader.vector16(), .serverHello)
        while !list.isAtEnd {
            let type = ExtensionType(rawValue: try list.uint16())
            let value = try list.vector16()
            if type == wanted { return value }
        }
        return nil
    }
}
