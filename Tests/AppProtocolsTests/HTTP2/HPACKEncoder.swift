@testable import AppProtocols

/// An encoder after RFC 7541 that uses every representation, as its random source says. Its table is written apart
/// from the decoder's: an array of names and values.
struct HPACKEncoder {
    struct Field: Equatable {
        var name: String
        var value: String
        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    private(set) var table: [Field] = []
    private var sizeMax = 4_096
    var random = SeededRandom(1)
    /// Always literals without indexing and without Huffman, where false.
    var usesTables = true

    mutating func encode(_ fields: [(String, String)]) -> [UInt8] {
        encode(fields.map { Field($0.0, $0.1) })
    }

    mutating func encode(_ fields: [Field]) -> [UInt8] {
        var block: [UInt8] = []
        for field in fields { encode(field, into: &block) }
        return block
    }

    /// A dynamic table size update (§ 6.3).
    mutating func resize(to size: Int) -> [UInt8] {
        sizeMax = size
        evict(0)
        var block: [UInt8] = []
        Self.append(size, prefixBits: 5, pattern: 0x20, to: &block)
        return block
    }

    private mutating func encode(_ field: Field, into block: inout [UInt8]) {
        guard usesTables else {
            block.append(0)
            Self.append(text: field.name, isHuffman: false, to: &block)
            return Self.append(text: field.value, isHuffman: false, to: &block)
        }
        if let index = index(of: field), random.next(below: 8) != 0 {
            return Self.append(index, prefixBits: 7, pattern: 0x80, to: &block)
        }
        let nameIndex = random.next(below: 4) == 0 ? 0 : self.nameIndex(of: field.name) ?? 0
        let form = random.next(below: 6)
        switch form {
        case 0: Self.append(nameIndex, prefixBits: 4, pattern: 0x00, to: &block)
        case 1: Self.append(nameIndex, prefixBits: 4, pattern: 0x10, to: &block)
        default: Self.append(nameIndex, prefixBits: 6, pattern: 0x40, to: &block)
        }
        if nameIndex == 0 { Self.append(text: field.name, isHuffman: random.next(below: 2) == 0, to: &block) }
        Self.append(text: field.value, isHuffman: random.next(below: 3) != 0, to: &block)
        if form > 1 { insert(field) }
    }

    private func index(of field: Field) -> Int? {
        if let index = HPACKStaticTable.fields.firstIndex(where: { $0 == (field.name, field.value) }) {
            return index + 1
        }
        return table.firstIndex(of: field).map { $0 + 62 }
    }

    private func nameIndex(of name: String) -> Int? {
        if let index = HPACKStaticTable.fields.firstIndex(where: { $0.0 == name }) { return index + 1 }
        return table.firstIndex { $0.name == name }.map { $0 + 62 }
    }

    private static func size(_ field: Field) -> Int { field.name.utf8.count + field.value.utf8.count + 32 }

    private mutating func insert(_ field: Field) {
        let size = Self.size(field)
        evict(size)
        if size <= sizeMax { table.insert(field, at: 0) }
    }

    private mutating func evict(_ added: Int) {
        while !table.isEmpty, table.reduce(added, { $0 + Self.size($1) }) > sizeMax { table.removeLast() }
    }

    static func append(_ value: Int, prefixBits: Int, pattern: UInt8, to block: inout [UInt8]) {
        let limit = (1 << prefixBits) - 1
        guard value >= limit else { return block.append(pattern | UInt8(value)) }
        block.append(pattern | UInt8(limit))
        var rest = value - limit
        while rest >= 128 {
            block.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        block.append(UInt8(rest))
    }

    static func append(text: String, isHuffman: Bool, to block: inout [UInt8]) {
        let octets = isHuffman ? huffman(Array(text.utf8)) : Array(text.utf8)
        append(octets.count, prefixBits: 7, pattern: isHuffman ? 0x80 : 0, to: &block)
        block += octets
    }

    static func huffman(_ octets: [UInt8]) -> [UInt8] {
        var coded: [UInt8] = []
        var bits: UInt64 = 0
        var count = 0
        for octet in octets {
            let code = codes[Int(octet)]
            bits = bits << UInt64(code.count) | UInt64(code.bits)
            count += code.count
            while count >= 8 {
                count -= 8
                coded.append(UInt8(truncatingIfNeeded: bits >> UInt64(count)))
            }
        }
        // Padding: ones (§ 5.2).
        if count > 0 {
            coded.append(UInt8(truncatingIfNeeded: bits << UInt64(8 - count)) | UInt8((1 << (8 - count)) - 1))
        }
        return coded
    }

    private static let codes = (0...255).map { HuffmanCode.code(of: UInt8($0)) }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func next(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
