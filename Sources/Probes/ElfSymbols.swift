import KernelIO
import Octets

/// Where functions lie in a library or program: its symbol tables (System V ABI, chapters 4 and 5; elf(5)).
///
/// Nothing of the file is believed without a look: what is damaged has no symbols.
public enum ElfSymbols {
    /// Larger tables are passed over: no program's are.
    private static let tableOctetsMax = 256 << 20
    private static let headerOctets = 64
    private static let sectionOctets = 64
    private static let segmentOctets = 56
    private static let symbolOctets = 24
    private static let headersMax = 65_536

    private struct Section {
        let type: UInt32
        let range: Range<Int64>
        /// The section with the names of a symbol table.
        let link: Int
    }

    /// Octets that are loaded at an address.
    private struct Segment {
        let address: UInt64
        let range: Range<Int64>
    }

    /// The offsets in a file of 64 bits and little-endian at which these functions begin. Those that it does not have
    /// are left out.
    public static func offsets(of names: Set<String>, in path: String) throws(SystemFailure) -> [String: UInt64] {
        let file = try InputFile(path: path)
        let header = try octets(of: file, 0..<Int64(headerOctets))
        guard header.count == headerOctets, header[0...4] == [0x7F, 0x45, 0x4C, 0x46, 2] else { return [:] }
        let sections = try sections(of: file, header)
        let segments = try segments(of: file, header)
        var wanted = names
        var found: [String: UInt64] = [:]
        // What a library exports (SHT_DYNSYM), then everything else where that was not stripped (SHT_SYMTAB).
        for type: UInt32 in [11, 2] {
            for table in sections where table.type == type && !wanted.isEmpty && sections.indices.contains(table.link) {
                let text = try octets(of: file, sections[table.link].range)
                let symbols = try octets(of: file, table.range)
                for (name, address) in addresses(of: wanted, symbols, text) {
                    guard let offset = offset(of: address, segments) else { continue }
                    found[name] = offset
                    wanted.remove(name)
                }
            }
        }
        return found
    }

    private static func octets(of file: borrowing InputFile, _ range: Range<Int64>) throws(SystemFailure) -> [UInt8] {
        guard let size = file.size else { return [] }
        let count = Int(min(range.upperBound, size) - min(range.lowerBound, size))
        guard count > 0, count <= tableOctetsMax else { return [] }
        var octets = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            var span = octets.mutableSpan
            let read = try file.read(into: &span, done..<count, at: range.lowerBound + Int64(done))
            if read == 0 { return Array(octets[..<done]) }
            done += read
        }
        return octets
    }

    /// - Returns: `nil` where the numbers make no sense.
    private static func range(_ start: UInt64, _ count: UInt64) -> Range<Int64>? {
        guard start <= UInt64(Int64.max) / 2, count <= UInt64(Int64.max) / 2 else { return nil }
        return Int64(start)..<Int64(start + count)
    }

    private static func sections(of file: borrowing InputFile, _ header: [UInt8]) throws(SystemFailure) -> [Section] {
        let count = Int(header.span.littleEndian16(at: 60))
        guard Int(header.span.littleEndian16(at: 58)) == sectionOctets, count <= headersMax,
            let place = range(header.span.littleEndian64(at: 40), UInt64(count * sectionOctets))
        else { return [] }
        let table = try octets(of: file, place)
        let empty = Section(type: 0, range: 0..<0, link: 0)
        return (0..<table.count / sectionOctets).map { index in
            let at = index * sectionOctets
            let span = table.span
            guard let range = range(span.littleEndian64(at: at + 24), span.littleEndian64(at: at + 32)) else {
                return empty
            }
            return Section(
                type: span.littleEndian32(at: at + 4), range: range, link: Int(span.littleEndian32(at: at + 40)))
        }
    }

    private static func segments(of file: borrowing InputFile, _ header: [UInt8]) throws(SystemFailure) -> [Segment] {
        let count = Int(header.span.littleEndian16(at: 56))
        guard Int(header.span.littleEndian16(at: 54)) == segmentOctets,
            let place = range(header.span.littleEndian64(at: 32), UInt64(count * segmentOctets))
        else { return [] }
        let table = try octets(of: file, place)
        return (0..<table.count / segmentOctets).compactMap { index in
            let at = index * segmentOctets
            let span = table.span
            // PT_LOAD, and executable (PF_X).
            guard span.littleEndian32(at: at) == 1, span.littleEndian32(at: at + 4) & 1 != 0,
                let range = range(span.littleEndian64(at: at + 8), span.littleEndian64(at: at + 32))
            else { return nil }
            return Segment(address: span.littleEndian64(at: at + 16), range: range)
        }
    }

    private static func addresses(of names: Set<String>, _ symbols: [UInt8], _ text: [UInt8]) -> [(String, UInt64)] {
        let wanted = Dictionary(uniqueKeysWithValues: names.map { (Array($0.utf8)[...], $0) })
        let firstOctets = Set(names.compactMap(\.utf8.first))
        var found: [(String, UInt64)] = []
        for at in stride(from: 0, to: symbols.count - symbolOctets + 1, by: symbolOctets) {
            let span = symbols.span
            // A function (STT_FUNC) that is defined here (not SHN_UNDEF).
            guard span[at + 4] & 0xF == 2, span.littleEndian16(at: at + 6) != 0 else { continue }
            let start = Int(span.littleEndian32(at: at))
            guard start < text.count, firstOctets.contains(text[start]) else { continue }
            // In the full table a name may be followed by its version: `SSL_read@@OPENSSL_3.0.0`.
            let name = text[start...].prefix { $0 != 0 && $0 != UInt8(ascii: "@") }
            if let name = wanted[name] { found.append((name, span.littleEndian64(at: at + 8))) }
        }
        return found
    }

    private static func offset(of address: UInt64, _ segments: [Segment]) -> UInt64? {
        for segment in segments where address >= segment.address {
            let distance = address - segment.address
            if distance < UInt64(segment.range.count) { return UInt64(segment.range.lowerBound) + distance }
        }
        return nil
    }
}
