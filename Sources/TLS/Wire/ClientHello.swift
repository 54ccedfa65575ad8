import Events
import Octets

/// What a client offers (RFC 8446 § 4.1.2, RFC 5246 § 7.4.1.2): all lists in the order of the wire, GREASE included.
public struct ClientHello: Sendable, Equatable {
    /// What stands in the version field: TLS 1.3 clients say 1.2 there.
    public var legacyVersion = TLSVersion.none
    /// 32 octets.
    public var random: [UInt8] = []
    public var sessionID: [UInt8] = []
    public var cipherSuites: [CipherSuite] = []
    public var extensions: [ExtensionType] = []
    /// The host asked for (RFC 6066 § 3).
    public var serverName: [UInt8]?
    /// The protocols offered (RFC 7301).
    public var applicationProtocols: [[UInt8]] = []
    public var supportedVersions: [TLSVersion] = []
    public var supportedGroups: [UInt16] = []
    public var pointFormats: [UInt8] = []
    public var signatureAlgorithms: [UInt16] = []
    /// Where reading stopped, if before the end: what stands before it is good.
    public var stopped: TLSFailure?

    static let randomOctets = 32

    public init() {}

    /// - Parameter body: the message without its header.
    /// - Throws: where not even the random could be read.
    public init(_ body: Span<UInt8>) throws(TLSFailure) {
        var reader = FieldReader(body, .clientHello)
        legacyVersion = TLSVersion(rawValue: try reader.uint16())
        random = [UInt8](body, try reader.octets(Self.randomOctets))
        do throws(TLSFailure) {
            sessionID = [UInt8](body, try reader.vector8())
            var suites = FieldReader(body, try reader.vector16(), .clientHello)
            cipherSuites = suites.numbers16().map { CipherSuite(rawValue: $0) }
            _ = try reader.vector8()  // compression methods
            guard !reader.isAtEnd else { return }
            try read(extensions: try reader.vector16(), of: body)
        } catch {
            stopped = error
        }
    }

    private mutating func read(extensions range: Range<Int>, of body: Span<UInt8>) throws(TLSFailure) {
        var reader = FieldReader(body, range, .clientHello)
        while !reader.isAtEnd {
            let type = ExtensionType(rawValue: try reader.uint16())
            let value = try reader.vector16()
            extensions.append(type)
            do throws(TLSFailure) {
                try read(type, value, of: body)
            } catch {
                // The other extensions do not depend on it.
                if stopped == nil { stopped = error }
            }
        }
    }

    private mutating func read(_ type: ExtensionType, _ value: Range<Int>, of body: Span<UInt8>) throws(TLSFailure) {
        var reader = FieldReader(body, value, .clientHello)
        switch type {
        case .serverName:
            var names = FieldReader(body, try reader.vector16(), .clientHello)
            while !names.isAtEnd {
                let kind = try names.uint8()
                let name = try names.vector16()
                if kind == 0, serverName == nil { serverName = [UInt8](body, name) }
            }
        case .applicationProtocols:
            var names = FieldReader(body, try reader.vector16(), .clientHello)
            while !names.isAtEnd { applicationProtocols.append([UInt8](body, try names.vector8())) }
        case .supportedVersions:
            var versions = FieldReader(body, try reader.vector8(), .clientHello)
            supportedVersions = versions.numbers16().map { TLSVersion(rawValue: $0) }
        case .supportedGroups:
            var groups = FieldReader(body, try reader.vector16(), .clientHello)
            supportedGroups = groups.numbers16()
        case .pointFormats: pointFormats = [UInt8](body, try reader.vector8())
        case .signatureAlgorithms:
            var algorithms = FieldReader(body, try reader.vector16(), .clientHello)
            signatureAlgorithms = algorithms.numbers16()
        default: break
        }
    }

    /// The client may send data before the server has answered.
    public var offersEarlyData: Bool { extensions.contains(.earlyData) }
}
