import Headers
import Octets

/// What SQL can call here besides SQLite's own functions.
enum SQLiteFunctions {
    static func add(to database: SQLiteConnection) {
        // `ip(src_ip)`: the text of an address.
        database.add(function: "ip") { value in
            guard case .octets(let octets) = value, let address = IPAddress(octets: octets.span) else { return .null }
            return .text("\(address)")
        }
        // `addr('10.0.0.1')`: the octets of an address, to compare with.
        database.add(function: "addr") { value in
            guard case .text(let text) = value, let address = IPAddress(text: text) else { return .null }
            return .octets(address.octets)
        }
    }
}

extension IPAddress {
    /// - Parameter octets: 4 or 16, in network order; `nil` for any other number.
    init?(octets: Span<UInt8>) {
        switch octets.count {
        case 4: self.init(v4: octets.bigEndian32(at: 0))
        case 16: self.init(v6: octets.bigEndian64(at: 0), octets.bigEndian64(at: 8))
        default: return nil
        }
    }

    /// 4 or 16, in network order.
    fileprivate var octets: [UInt8] {
        func octets(_ value: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) }
        }
        return family == .v4 ? octets(low, 4) : octets(high, 8) + octets(low, 8)
    }
}
