/// The static table of HPACK (RFC 7541 appendix A).
enum HPACKStaticTable {
    /// Entries 1 ... 61.
    static let count = 61

    /// Fields as lines, one behind the other.
    static let octets: [UInt8] = fields.flatMap { Array("\($0.0): \($0.1)\n".utf8) }

    /// By index; entry 0 does not exist.
    static let entries: [HPACKTable.Entry] = {
        var start = 0
        var entries = [HPACKTable.Entry(start: 0, nameCount: 0, valueCount: 0, missingCount: 0, marks: [])]
        for (name, value) in fields {
            let entry = HPACKTable.Entry(
                start: UInt32(start), nameCount: UInt32(name.utf8.count), valueCount: UInt32(value.utf8.count),
                missingCount: 0, marks: [])
            entries.append(entry)
            start += entry.lineCount
        }
        return entries
    }()

    /// Octets of the longest name.
    static let nameCountMax = 27

    static let fields: [(String, String)] = [
        (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
        (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
        (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
        ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
        ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""),
        ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
        ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""),
        ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""),
        ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""),
        ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""),
        ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""),
        ("server", ""), ("set-cookie", ""), ("strict-transport-security", ""), ("transfer-encoding", ""),
        ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
    ]
}
