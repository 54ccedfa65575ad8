import Flows

/// Builds rows in ClickHouse's format RowBinary: numbers little-endian, texts and arrays with their length (LEB128)
/// before them.
struct RowBinaryWriter {
    private(set) var octets: [UInt8] = []

    mutating func append(_ value: some FixedWidthInteger) {
        for index in 0..<(value.bitWidth / 8) { octets.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }

    mutating func append(length: Int) {
        var rest = UInt64(length)
        while rest >= 0x80 {
            octets.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        octets.append(UInt8(rest))
    }

    mutating func append(text: String) {
        append(length: text.utf8.count)
        octets += Array(text.utf8)
    }

    mutating func append(_ values: [some FixedWidthInteger]) {
        append(length: values.count)
        for value in values { append(value) }
    }

    /// Of a nullable column.
    mutating func append(nullable value: UInt64?) {
        append(UInt8(value == nil ? 1 : 0))
        if let value { append(value) }
    }

    /// Of a nullable column.
    mutating func append(nullable text: String?) {
        append(UInt8(text == nil ? 1 : 0))
        if let text { append(text: text) }
    }

    mutating func append(texts: [String]) {
        append(length: texts.count)
        for text in texts { append(text: text) }
    }
}

/// Reads what a server answers in RowBinary. What is cut short or makes no sense is 0 or empty, and `isDamaged` from
/// then on.
struct RowBinaryReader {
    private let octets: [UInt8]
    private var position = 0
    private(set) var isDamaged = false

    init(_ octets: [UInt8]) { self.octets = octets }

    var isAtEnd: Bool { isDamaged || position == octets.count }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> Number {
        let count = Number.bitWidth / 8
        guard octets.count - position >= count else { return damaged(0) }
        var value: Number = 0
        for index in 0..<count { value |= Number(truncatingIfNeeded: octets[position + index]) << (8 * index) }
        position += count
        return value
    }

    mutating func text() -> String {
        guard let count = length() else { return "" }
        defer { position += count }
        return String(decoding: octets[position..<position + count], as: UTF8.self)
    }

    mutating func numbers<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> [Number] {
        guard let count = length() else { return [] }
        return (0..<count).map { _ in number() }
    }

    mutating func texts() -> [String] {
        guard let count = length() else { return [] }
        return (0..<count).map { _ in text() }
    }

    /// A length that the rest of the octets can hold.
    private mutating func length() -> Int? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            let octet: UInt8 = number()
            value |= UInt64(octet & 0x7F) << shift
            if octet < 0x80 { break }
        }
        guard !isDamaged, value <= UInt64(octets.count - position) else { return damaged(nil) }
        return Int(value)
    }

    private mutating func damaged<Value>(_ value: Value) -> Value {
        isDamaged = true
        return value
    }
}
