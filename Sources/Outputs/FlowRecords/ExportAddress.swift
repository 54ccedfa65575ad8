/// Where flow records are exported to: `ipfix://HOST:PORT` over UDP, `ipfix+tcp://HOST:PORT` over TCP.
public struct ExportAddress: Equatable, Sendable {
    public enum Transport: String, Sendable {
        case udp, tcp

        var scheme: String { self == .udp ? "ipfix" : "ipfix+tcp" }
    }

    /// The port of IPFIX (RFC 7011 § 10.3.4, § 10.4.1).
    public static let defaultPort: UInt16 = 4739

    public var transport: Transport
    /// A name or an address; one of IPv6 without its brackets.
    public var host: String
    public var port: UInt16

    /// - Parameter text: the port may be left out; an IPv6 address stands in brackets.
    /// - Returns: `nil` where the text is no such address.
    public init?(_ text: String) {
        guard let separator = text.firstRange(of: "://") else { return nil }
        switch text[..<separator.lowerBound] {
        case "ipfix", "ipfix+udp": transport = .udp
        case "ipfix+tcp": transport = .tcp
        default: return nil
        }
        var rest = text[separator.upperBound...]
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { return nil }
        } else {
            host = String(rest.prefix { $0 != ":" })
            rest = rest.dropFirst(host.count)
        }
        port = Self.defaultPort
        if !rest.isEmpty {
            guard let number = UInt16(rest.dropFirst()), number > 0 else { return nil }
            port = number
        }
        guard !host.isEmpty, host.allSatisfy({ $0.isASCII && !$0.isWhitespace && $0 != "/" }) else { return nil }
    }

    public var description: String {
        "\(transport.scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}

extension ExportAddress: CustomStringConvertible {}
