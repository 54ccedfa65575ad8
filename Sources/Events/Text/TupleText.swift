import Headers
import Octets

/// The ends of a connection as text: `10.0.0.7:51837-93.184.216.34:443`, IPv6 in brackets.
extension OctetWriter {
    /// An address in brackets, a colon and a port.
    public static let endpointOctetsMax = addressOctetsMax + 8

    /// Appends `192.168.1.10:54321` or `[2001:db8::1]:443`.
    @_lifetime(self: copy self)
    public mutating func append(endpoint address: IPAddress, _ port: UInt16) {
        if address.family == .v6 { append(UInt8(ascii: "[")) }
        append(address: address)
        if address.family == .v6 { append(UInt8(ascii: "]")) }
        append(UInt8(ascii: ":"))
        append(decimal: UInt64(port))
    }
}

extension OctetBuffer {
    /// Appends the tuple; nothing where the addresses are not known.
    public mutating func append(tupleOf info: BaseInfo) {
        guard info.hasTuple else { return }
        write(atMost: 1 + 2 * OctetWriter.endpointOctetsMax) { writer in
            writer.append(endpoint: info.source, info.sourcePort)
            writer.append(UInt8(ascii: "-"))
            writer.append(endpoint: info.destination, info.destinationPort)
        }
    }
}

extension BaseInfo {
    /// `10.0.0.7:51837-93.184.216.34:443`; empty where the addresses are not known.
    public var tupleText: String {
        var buffer = OctetBuffer()
        buffer.append(tupleOf: self)
        return buffer.description
    }

    /// Takes both ends from a tuple's text.
    /// - Returns: false, with nothing changed, unless `text` is one. IPv6 addresses may stand without brackets, as some
    ///   tools print them: the last colon then comes before the port.
    public mutating func setTuple(text: Span<UInt8>) -> Bool {
        guard text.count <= 128, let dash = text.indices.first(where: { text[$0] == UInt8(ascii: "-") }),
            let source = Self.endpoint(text.extracting(0..<dash)),
            let destination = Self.endpoint(text.extracting((dash + 1)...)),
            source.address.family == destination.address.family
        else { return false }
        (self.source, sourcePort) = source
        (self.destination, destinationPort) = destination
        return true
    }

    private static func endpoint(_ text: Span<UInt8>) -> (address: IPAddress, port: UInt16)? {
        guard let colon = text.indices.last(where: { text[$0] == UInt8(ascii: ":") }) else { return nil }
        let digits = text.extracting((colon + 1)...)
        guard 1...5 ~= digits.count else { return nil }
        var port = 0
        for index in digits.indices {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digits[index] else { return nil }
            port = port * 10 + Int(digits[index] - UInt8(ascii: "0"))
        }
        var host = text.extracting(0..<colon)
        let isBracketed = host.count >= 2 && host[0] == UInt8(ascii: "[") && host[host.count - 1] == UInt8(ascii: "]")
        if isBracketed { host = host.extracting(1..<(host.count - 1)) }
        var octets: [UInt8] = []
        octets.append(contentsOf: host)
        guard let port = UInt16(exactly: port), let address = IPAddress(text: String(decoding: octets, as: UTF8.self)),
            !isBracketed || address.family == .v6
        else { return nil }
        return (address, port)
    }
}
