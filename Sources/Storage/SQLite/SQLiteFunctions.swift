import GRDB
import Headers

/// What SQL can call here besides SQLite's own functions.
enum SQLiteFunctions {
    static func add(to database: Database) {
        database.add(function: addressText)
        database.add(function: addressOctets)
    }

    /// `ip(src_ip)`: the text of an address.
    private static let addressText = DatabaseFunction("ip", argumentCount: 1, pure: true) { values in
        guard case .blob(let data) = values[0].storage else { return nil }
        let octets = [UInt8](data)
        func word(_ range: Range<Int>) -> UInt64 { octets[range].reduce(0) { $0 << 8 | UInt64($1) } }
        switch octets.count {
        case 4: return "\(IPAddress(family: .v4, high: 0, low: word(0..<4)))"
        case 16: return "\(IPAddress(v6: word(0..<8), word(8..<16)))"
        default: return nil
        }
    }

    /// `addr('10.0.0.1')`: the octets of an address, to compare with.
    private static let addressOctets = DatabaseFunction("addr", argumentCount: 1, pure: true) { values in
        guard case .string(let text) = values[0].storage, let address = IPAddress(text: text) else { return nil }
        func octets(_ value: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) }
        }
        let all = address.family == .v4 ? octets(address.low, 4) : octets(address.high, 8) + octets(address.low, 8)
        return blob(all, as: DatabaseValue.Storage.blob)
    }

    /// Octets as a value. Their type is Foundation's, which the library's own case tells, so that it need not be
    /// imported here.
    private static func blob<Octets: RangeReplaceableCollection & DatabaseValueConvertible>(
        _ octets: [UInt8], as _: (Octets) -> DatabaseValue.Storage
    ) -> DatabaseValue where Octets.Element == UInt8 { Octets(octets).databaseValue }
}
