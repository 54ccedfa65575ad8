/// Where a ClickHouse server answers HTTP: `clickhouse://user:password@host:port/database`, all but the host optional;
/// `clickhouses://` for TLS.
public struct ClickHouseAddress: Equatable, Sendable {
    public var isSecure: Bool
    public var user: String
    public var password: String
    /// As it stands in an address, IPv6 in brackets.
    public var host: String
    public var port: UInt16
    public var database: String

    /// - Parameter text: behind the scheme.
    init?(_ text: Substring, isSecure: Bool) {
        self.isSecure = isSecure
        let at = text.lastIndex(of: "@")
        let credentials = at.map { text[..<$0] } ?? ""
        let rest = at.map { text[text.index(after: $0)...] } ?? text
        let colon = credentials.firstIndex(of: ":")
        guard let user = Self.decoded(colon.map { credentials[..<$0] } ?? credentials),
            let password = Self.decoded(colon.map { credentials[credentials.index(after: $0)...] } ?? "")
        else { return nil }
        // They stand in lines of a header.
        guard !(user + password).utf8.contains(where: { $0 < 0x20 }), (user + password).utf8.count < 400 else {
            return nil
        }
        self.user = user
        self.password = password
        let slash = rest.firstIndex(of: "/")
        let place = slash.map { rest[..<$0] } ?? rest
        database = slash.map { String(rest[rest.index(after: $0)...]) } ?? ""
        if database.isEmpty { database = "netspectra" }
        guard Self.isName(database) else { return nil }
        let separator = place.lastIndex(of: ":").flatMap { place[$0...].contains("]") ? nil : $0 }
        host = String(separator.map { place[..<$0] } ?? place)
        guard !host.isEmpty, host.utf8.allSatisfy({ Self.hostOctets.contains($0) }) else { return nil }
        guard let port = separator.map({ UInt16(place[place.index(after: $0)...]) }) ?? (isSecure ? 8443 : 8123) else {
            return nil
        }
        self.port = port
    }

    /// What messages and the ledger call it: without user and password.
    public var name: String { "clickhouse\(isSecure ? "s" : "")://\(host):\(port)/\(database)" }

    var url: String { "http\(isSecure ? "s" : "")://\(host):\(port)/" }

    private static let hostOctets = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]".utf8)

    /// It stands in statements as it is.
    private static func isName(_ text: String) -> Bool {
        text.utf8.allSatisfy { octet in
            octet == 0x5F || 0x30...0x39 ~= octet || 0x41...0x5A ~= octet || 0x61...0x7A ~= octet
        } && !(0x30...0x39 ~= text.utf8.first!)
    }

    /// Percent signs decoded (RFC 3986 § 2.1).
    private static func decoded(_ text: Substring) -> String? {
        var octets: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let octet = rest.popFirst() {
            guard octet == 0x25 else {
                octets.append(octet)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            octets.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: octets, as: UTF8.self)
    }
}
