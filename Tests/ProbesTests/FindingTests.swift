import Octets
import Testing

@testable import Probes

/// What is found in a process's mappings and in the loader's cache. No privilege is needed.
@Suite struct FindingTests {
    @Test func executableMappingsOfFilesAreFoundOnce() {
        let text = """
            55d0c0000000-55d0c0001000 r-xp 00000000 fe:00 11 /usr/bin/curl
            7f0c10000000-7f0c10001000 r--p 00000000 fe:00 12                         /usr/lib/libssl.so.3
            7f0c10001000-7f0c10002000 r-xp 00001000 fe:00 12                         /usr/lib/libssl.so.3
            7f0c10002000-7f0c10003000 r-xp 00002000 fe:00 12                         /usr/lib/libssl.so.3
            7f0c20000000-7f0c20001000 r-xp 00000000 fe:00 13                         /srv/a b/libssl.so.1.1
            7f0c30000000-7f0c30001000 r-xp 00000000 fe:00 14                         /tmp/libssl.so (deleted)
            00400000-00401000 r-xp 00000000 fe:00 15                                 /opt/fixed (deleted)
            7f0c40000000-7f0c40001000 rwxp 00000000 00:00 0
            7ffd10000000-7ffd10002000 r-xp 00000000 00:00 0                          [vdso]
            cut off
            """
        let found = ProcessMaps.executables(in: Array(text.utf8))
        #expect(
            found.map(\.shownPath) == [
                "/usr/bin/curl", "/usr/lib/libssl.so.3", "/srv/a b/libssl.so.1.1", "/tmp/libssl.so (deleted)",
                "/opt/fixed (deleted)",
            ])
        #expect(
            found.map { $0.location(in: 7) } == [
                "/proc/7/root/usr/bin/curl", "/proc/7/root/usr/lib/libssl.so.3", "/proc/7/root/srv/a b/libssl.so.1.1",
                "/proc/7/map_files/7f0c30000000-7f0c30001000", "/proc/7/map_files/400000-401000",
            ])
        #expect(found.map(\.isDeleted) == [false, false, false, true, true] && found[3].path == "/tmp/libssl.so")
    }

    @Test(arguments: [
        ("libssl.so.3", true), ("libssl.so", true), ("libssl-3a5b.so.1.1", true), ("libssl3.so", false),
        ("libssl", false), ("libssl.a", false), ("libgnutls.so.30", false), ("xlibssl.so", false),
        ("libssl.socket", false), ("libssl-extra.so.1", false),
    ])
    func librariesAreKnownByName(fileName: String, isOpenSSL: Bool) {
        #expect(ProbeModule.openSSL.matches(fileName: fileName[...]) == isOpenSSL)
    }

    /// A cache as ldconfig(8) writes it: header, entries, strings.
    private static func cache(_ entries: [(flags: UInt32, path: String)]) -> [UInt8] {
        func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var strings: [UInt8] = []
        var table: [UInt8] = []
        let start = 48 + entries.count * 24
        for (flags, path) in entries {
            let offset = start + strings.count
            strings += Array(path.utf8) + [0]
            table += word(Int(flags)) + word(offset) + word(offset) + word(0) + word(0) + word(0)
        }
        return Array("glibc-ld.so.cache1.1".utf8) + word(entries.count) + word(strings.count)
            + [UInt8](repeating: 0, count: 20) + table + strings
    }

    @Test func librariesOf64BitsAreFoundInTheLoadersCache() {
        let octets = Self.cache([
            (0x0303, "/lib/libssl.so.3"), (0x0803, "/lib32/libssl.so.3"), (0x0303, "/lib/libz.so.1"),
        ])
        #expect(LoaderCache.libraries(in: octets) == ["/lib/libssl.so.3", "/lib/libz.so.1"])
    }

    @Test func everyShorterCacheIsReadWithoutHarm() {
        let octets = Self.cache([(0x0303, "/lib/libssl.so.3"), (0x0303, "/lib/libz.so.1")])
        for count in octets.indices {
            #expect(LoaderCache.libraries(in: Array(octets[..<count])).count <= 1)
        }
        #expect(LoaderCache.libraries(in: Array("something else".utf8)).isEmpty)
    }
}
