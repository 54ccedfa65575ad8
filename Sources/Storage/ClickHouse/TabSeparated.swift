/// Reads ClickHouse's format TabSeparatedWithNamesAndTypes.
enum TabSeparated {
    static func table(_ text: String) -> AnswerTable {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false)
        }
        guard lines.count >= 2 else { return AnswerTable() }
        let types = lines[1].map(String.init)
        let columns = lines[0].map(unescaped)
        // A server that errs does not make a row shorter or longer than the others.
        let rows = lines[2...].dropLast().map { line in
            columns.indices.map { index in
                index < min(types.count, line.count) ? value(line[index], of: types[index]) : .null
            }
        }
        return AnswerTable(columns: columns, rows: rows)
    }

    private static func value(_ field: Substring, of type: String) -> AnswerTable.Value {
        if field == "\\N" { return .null }
        if type.hasPrefix("UInt"), let number = UInt64(field) { return .unsigned(number) }
        if type.hasPrefix("Int"), let number = Int64(field) { return .integer(number) }
        if type.hasPrefix("Float"), let number = Double(field) { return .real(number) }
        return .text(unescaped(field))
    }

    private static func unescaped(_ field: Substring) -> String {
        guard field.contains("\\") else { return String(field) }
        var octets: [UInt8] = []
        var isEscaped = false
        for octet in field.utf8 {
            if isEscaped {
                let meaning: [UInt8: UInt8] = [0x74: 0x09, 0x6E: 0x0A, 0x72: 0x0D, 0x30: 0, 0x62: 8, 0x66: 12]
                octets.append(meaning[octet] ?? octet)
                isEscaped = false
            } else if octet == 0x5C {
                isEscaped = true
            } else {
                octets.append(octet)
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }
}
