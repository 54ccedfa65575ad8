import Foundation
import Testing

@testable import Probes

/// Where functions lie in files: files made here, octet for octet. No privilege is needed.
@Suite struct ElfSymbolsTests {
    private struct Symbol {
        var name: String
        var address: UInt64
        /// 2: a function (STT_FUNC), 1: data (STT_OBJECT).
        var type: UInt8 = 2
        /// 0: used here, defined elsewhere (SHN_UNDEF).
        var section: UInt16 = 1
    }

    private static func octets(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// A library: header, one segment (file offset 0x1000 at address 0x401000, 0x2000 octets), a symbol table of this
    /// type (11: SHT_DYNSYM, 2: SHT_SYMTAB), its names, and the table of sections.
    private static func library(_ symbols: [Symbol], type: UInt32 = 11) -> [UInt8] {
        var names: [UInt8] = [0]
        var table: [UInt8] = []
        for symbol in symbols {
            table += octets(UInt32(names.count)) + [0x10 | symbol.type, 0] + octets(symbol.section)
            table += octets(symbol.address) + octets(UInt64(8))
            names += Array(symbol.name.utf8) + [0]
        }
        let tableAt = UInt64(64 + 56)
        let namesAt = tableAt + UInt64(table.count)
        let sectionsAt = namesAt + UInt64(names.count)
        func section(_ type: UInt32, _ at: UInt64, _ count: Int, link: UInt32) -> [UInt8] {
            octets(UInt32(0)) + octets(type) + octets(UInt64(0)) + octets(UInt64(0)) + octets(at)
                + octets(UInt64(count)) + octets(link) + octets(UInt32(0)) + octets(UInt64(8)) + octets(UInt64(24))
        }
        let header: [UInt8] =
            [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9) + octets(UInt16(3))
            + octets(UInt16(62)) + octets(UInt32(1)) + octets(UInt64(0)) + octets(UInt64(64)) + octets(sectionsAt)
            + octets(UInt32(0)) + octets(UInt16(64)) + octets(UInt16(56)) + octets(UInt16(1)) + octets(UInt16(64))
            + octets(UInt16(3)) + octets(UInt16(0))
        let segment: [UInt8] =
            octets(UInt32(1)) + octets(UInt32(5)) + octets(UInt64(0x1000)) + octets(UInt64(0x401000))
            + octets(UInt64(0x401000)) + octets(UInt64(0x2000)) + octets(UInt64(0x2000)) + octets(UInt64(0x1000))
        return header + segment + table + names + section(0, 0, 0, link: 0)
            + section(type, tableAt, table.count, link: 2) + section(3, namesAt, names.count, link: 0)
    }

    private static func offsets(of names: Set<String>, in octets: [UInt8]) throws -> [String: UInt64] {
        let path = FileManager.default.temporaryDirectory.appending(path: "netspectra-elf-\(UUID())").path
        try Data(octets).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try ElfSymbols.offsets(of: names, in: path)
    }

    @Test(arguments: [UInt32(11), 2]) func functionsAreFoundWhereTheyLieInTheFile(type: UInt32) throws {
        let octets = Self.library(
            [
                Symbol(name: "SSL_read", address: 0x401010),
                Symbol(name: "SSL_write@@OPENSSL_3.0.0", address: 0x402FFF),
                Symbol(name: "SSL_free", address: 0x403000), Symbol(name: "SSL_peek", address: 0x401020, type: 1),
                Symbol(name: "SSL_accept", address: 0x401030, section: 0), Symbol(name: "other", address: 0x401040),
            ], type: type)
        let names: Set = ["SSL_read", "SSL_write", "SSL_free", "SSL_peek", "SSL_accept", "SSL_connect"]
        // Beyond the segment, not a function, and not defined here: not found.
        #expect(try Self.offsets(of: names, in: octets) == ["SSL_read": 0x1010, "SSL_write": 0x2FFF])
    }

    @Test func damagedFilesHaveNoSymbolsAndDoNoHarm() throws {
        let whole = Self.library([Symbol(name: "SSL_read", address: 0x401010)])
        for count in stride(from: 0, to: whole.count, by: 3) {
            #expect(try Self.offsets(of: ["SSL_read"], in: Array(whole[..<count])).isEmpty)
        }
        // Each number of headers and tables in turn is as large as it can be.
        for at in stride(from: 8, to: whole.count - 8, by: 4) {
            var octets = whole
            for index in at..<at + 8 { octets[index] = 0xFF }
            #expect(try Self.offsets(of: ["SSL_read"], in: octets).count <= 1)
        }
    }

    @Test func whatAModuleProbesIsGroupedByProgram() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "netspectra-elf-\(UUID())").path
        let symbols = ["SSL_read", "SSL_write", "SSL_connect", "SSL_accept"].enumerated().map {
            Symbol(name: $1, address: 0x401000 + UInt64($0) * 16)
        }
        try Data(Self.library(symbols)).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = try #require(try LibraryFinder([.openSSL]).named(path).first)
        let sites = try ProbeSites(of: file)
        #expect(sites.functions == ["SSL_read", "SSL_write", "SSL_connect", "SSL_accept"])
        #expect(sites.missing.contains("SSL_read_ex"))
        #expect(sites.entries.map(\.program) == ["openssl_read", "openssl_write", "other_call"])
        #expect(sites.entries.map(\.offsets) == [[0x1000], [0x1010], [0x1020, 0x1030]])
        #expect(sites.returns.map(\.offsets) == [[0x1000, 0x1010], [0x1020, 0x1030]])
    }

    @Test func aFileWithoutWhatIsNeededIsRefused() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "netspectra-elf-\(UUID())").path
        try Data(Self.library([Symbol(name: "SSL_write", address: 0x401010)])).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = try #require(try LibraryFinder([.openSSL]).named(path).first)
        #expect { try ProbeSites(of: file) } throws: { error in
            (error as? ProbeFailure)?.kind == .unavailable && "\(error)".contains("SSL_read")
        }
    }
}
