import Events
import Octets

/// What is public of a TLS connection, and how much of it was decrypted.
public struct TLSSummary: Equatable, Sendable {
    /// What was negotiated; where the server's answer is not there, `none`.
    public var version = TLSVersion.none
    /// The host that the client asked for.
    public var serverName: String?
    /// What both ends agreed on.
    public var applicationProtocol: String?
    /// What the client offered, the first first.
    public var offeredProtocols: [String] = []
    public var cipherSuite: CipherSuite?
    public var ja3: String?
    public var ja4: String?
    public var certificateSubject: String?
    /// Octets of records that were decrypted, and that were not.
    public var decryptedOctets: UInt64 = 0
    public var undecryptedOctets: UInt64 = 0
    /// Why the first of these was not.
    public var cause: TLSLedger.Cause?

    public init() {}
}

extension TLSConnection {
    /// What is known by now.
    public var summary: TLSSummary {
        var summary = TLSSummary()
        summary.version = serverHello?.version ?? .none
        summary.serverName = clientHello?.serverName.map { String(decoding: $0, as: UTF8.self) }
        summary.offeredProtocols = clientHello?.applicationProtocols.map { String(decoding: $0, as: UTF8.self) } ?? []
        summary.applicationProtocol = (encryptedProtocol ?? serverHello?.applicationProtocol).map {
            String(decoding: $0, as: UTF8.self)
        }
        summary.cipherSuite = serverHello?.cipherSuite
        summary.ja3 = clientHello?.ja3(workspace.cryptography)
        summary.ja4 = clientHello?.ja4(workspace.cryptography)
        summary.certificateSubject = certificateSubject
        summary.decryptedOctets = decryptedOctets
        summary.undecryptedOctets = undecryptedOctets
        summary.cause = firstCause
        return summary
    }
}

extension TLSLedger.Cause: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noKey: "no key"
        case .noHandshake: "handshake not captured"
        case .unsupported: "cipher not supported"
        case .tooMany: "too many TLS connections"
        case .notAuthentic: "not authentic"
        case .cut: "cut by a gap"
        case .unrecognised: "behind a gap"
        case .incomplete: "incomplete"
        }
    }
}

/// As octets, to be carried by an event: fields of a tag, a length of two octets, and a value.
extension TLSSummary {
    private enum Tag: UInt8 {
        case version = 1, serverName, applicationProtocol, offeredProtocol, cipherSuite, ja3, ja4, certificateSubject
        case decryptedOctets, undecryptedOctets, cause
    }

    public var encoded: [UInt8] {
        var octets: [UInt8] = []
        func append(_ tag: Tag, _ value: [UInt8]) {
            let value = value.prefix(Int(UInt16.max))
            octets.append(tag.rawValue)
            octets.appendBigEndian(UInt16(value.count))
            octets.append(contentsOf: value)
        }
        func append(_ tag: Tag, _ text: String?) { if let text { append(tag, Array(text.utf8)) } }
        func append<Number: FixedWidthInteger>(_ tag: Tag, number: Number) {
            var value: [UInt8] = []
            value.appendBigEndian(UInt64(number))
            append(tag, value)
        }
        append(.version, number: version.rawValue)
        append(.serverName, serverName)
        append(.applicationProtocol, applicationProtocol)
        for name in offeredProtocols { append(.offeredProtocol, name) }
        if let cipherSuite { append(.cipherSuite, number: cipherSuite.rawValue) }
        append(.ja3, ja3)
        append(.ja4, ja4)
        append(.certificateSubject, certificateSubject)
        append(.decryptedOctets, number: decryptedOctets)
        append(.undecryptedOctets, number: undecryptedOctets)
        if let cause { append(.cause, number: cause.rawValue) }
        return octets
    }

    /// Reads what `encoded` gave; fields that are cut or not known are passed over.
    public init(encoded octets: Span<UInt8>) {
        var reader = FieldReader(octets, .record)
        while let raw = try? reader.uint8(), let range = try? reader.vector16() {
            let value = [UInt8](octets, range)
            let text = String(decoding: value, as: UTF8.self)
            let number = value.count == 8 ? value.span.bigEndian64(at: 0) : 0
            switch Tag(rawValue: raw) {
            case .version: version = TLSVersion(rawValue: UInt16(truncatingIfNeeded: number))
            case .serverName: serverName = text
            case .applicationProtocol: applicationProtocol = text
            case .offeredProtocol: offeredProtocols.append(text)
            case .cipherSuite: cipherSuite = CipherSuite(rawValue: UInt16(truncatingIfNeeded: number))
            case .ja3: ja3 = text
            case .ja4: ja4 = text
            case .certificateSubject: certificateSubject = text
            case .decryptedOctets: decryptedOctets = number
            case .undecryptedOctets: undecryptedOctets = number
            case .cause: cause = TLSLedger.Cause(rawValue: UInt8(truncatingIfNeeded: number))
            case nil: break
            }
        }
    }
}
