import Headers

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
            return address.withOctets { octets in .octets(octets.indices.map { octets[$0] }) } ?? .null
        }
    }
}
