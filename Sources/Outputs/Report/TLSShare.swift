/// TLS connections that are alike in what is public of them.
public struct TLSShare: Equatable, Sendable {
    /// As people write it, `TLS 1.3`; empty where the server's answer is not there.
    public var version: String
    /// The host that the client asked for.
    public var serverName: String?
    public var applicationProtocol: String?
    public var cipher: String?
    public var ja3: String?
    public var ja4: String?
    public var certificateSubject: String?
    public var connections: UInt64

    public init(version: String, connections: UInt64) {
        self.version = version
        self.connections = connections
    }
}

/// Kinds of TLS connections, those with most connections first.
public struct TLSShares: Equatable, Sendable {
    public var shares: [TLSShare]
    /// How many kinds and connections there are in all.
    public var shareCount: UInt64, connections: UInt64

    public init(shares: [TLSShare], shareCount: UInt64, connections: UInt64) {
        self.shares = shares
        self.shareCount = shareCount
        self.connections = connections
    }
}

extension ReportText {
    /// What TLS connections there are; nothing where nobody looked, or there are none.
    public func tls(_ report: AnalysisReport) -> String {
        guard let all = report.tls, !all.shares.isEmpty else { return "" }
        var table = TextTable([
            .init("Version", .left), .init("Host", .left, canBeCut: true), .init("ALPN", .left),
            .init("Cipher", .left, rank: 1), .init("JA4", .left, rank: 2), .init("JA3", .left, rank: 4),
            .init("Certificate", .left, rank: 3, canBeCut: true), .init("Connections"),
        ])
        for share in all.shares {
            table.rows.append([
                share.version.isEmpty ? "-" : share.version, share.serverName ?? "-", share.applicationProtocol ?? "-",
                share.cipher ?? "-", share.ja4 ?? "-", share.ja3 ?? "-", share.certificateSubject ?? "-",
                HumanUnits.grouped(share.connections),
            ])
        }
        let note = "\(all.shares.count) of \(HumanUnits.grouped(all.shareCount)) kinds, by connections"
        return section("TLS", note: note, table.text(width: width, style: style))
    }
}

extension TLSShare {
    func append(to json: inout JSONText) {
        json.object { json in
            func member(_ name: String, _ value: String?) {
                if let value { json.member(name, value) }
            }
            member("version", version.isEmpty ? nil : version)
            member("sni", serverName)
            member("alpn", applicationProtocol)
            member("cipher", cipher)
            member("ja3", ja3)
            member("ja4", ja4)
            member("certificate_subject", certificateSubject)
            json.member("connections", connections)
        }
    }
}
