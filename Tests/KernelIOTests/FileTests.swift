import Glibc
import KernelIO
import Octets
import TestSupport
import Testing

@Suite struct FileTests {
    private static func contents(_ path: String, by piece: Int) throws -> [UInt8] {
        let file = try InputFile(path: path)
        var buffer = [UInt8](repeating: 0xEE, count: piece + 2)
        var octets: [UInt8] = []
        while true {
            var span = buffer.mutableSpan
            let count = try file.read(into: &span, 1..<piece + 1)
            #expect(buffer[0] == 0xEE && buffer[piece + 1] == 0xEE, "a read left its range")
            if count == 0 { return octets }
            octets += buffer[1..<count + 1]
        }
    }

    @Test(arguments: [1, 7, 4_096, 100_000]) func readsWhatWasWritten(piece: Int) throws {
        try Golden.withTemporaryDirectory { folder in
            let octets = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try Golden.write(octets, to: folder + "/file")
            #expect(try Self.contents(folder + "/file", by: piece) == octets)
            #expect(try InputFile(path: folder + "/file").size == 10_000)
            #expect(InputFile.size(of: folder + "/file") == 10_000)
        }
    }

    @Test func whatCannotBeReadIsNamed() throws {
        try Golden.withTemporaryDirectory { folder in
            #expect(InputFile.size(of: folder) == nil && InputFile.size(of: folder + "/missing") == nil)
            #expect(InputFile.size(of: "-") == nil && InputFile.size(of: "/dev/null") == nil)
            let missing = #expect(throws: SystemFailure.self) { _ = try InputFile(path: folder + "/missing").size }
            #expect(missing?.errno == ENOENT && missing?.path == folder + "/missing")
            #expect(missing.map { "\($0)" } == "cannot open \(folder)/missing: No such file or directory")
            // Far more often than there are descriptors.
            for _ in 0..<3_000 {
                let directory = #expect(throws: SystemFailure.self) { _ = try InputFile(path: folder).size }
                guard directory?.errno == EISDIR else {
                    Issue.record("\(String(describing: directory))")
                    return
                }
            }
        }
    }

    /// Made, found, read and removed under the octets that it has, and no others.
    @Test func aNameThatIsNoUTF8IsKept() throws {
        try Golden.withTemporaryDirectory { folder in
            let names = [[0xE9], [0xE8], Array("\u{FFFD}".utf8), [0x61, 0xFF, 0x80]].map {
                SystemName.text($0.span)
            }
            for name in names {
                let file = try OutputFile(path: folder + "/" + name)
                try file.write(SystemName.octets(name).span)
                try file.commit()
            }
            #expect(try Set(FileTree.names(in: folder)) == Set(names))
            for name in names {
                #expect(try InputFile.contents(of: folder + "/" + name, atMost: 9) == SystemName.octets(name))
            }
            #expect(try FileTree.rename(folder + "/" + names[0], to: folder + "/" + names[1] + "x"))
            #expect(!FileTree.exists(folder + "/" + names[0]) && FileTree.exists(folder + "/" + names[1]))
            let missing = #expect(throws: SystemFailure.self) { _ = try InputFile(path: names[0] + "\u{1B}[A").size }
            #expect(missing.map { "\($0)" } == #"cannot open \xe9\x1b[A: No such file or directory"#)
        }
    }

    @Test func whoWritesAFileIsSeen() throws {
        try Golden.withTemporaryDirectory { folder in
            let path = folder + "/file"
            try Golden.write([1, 2, 3], to: path)
            let file = try InputFile(path: path)
            // SAFETY: open(2) reads the NUL-terminated path during the call.
            let writer = unsafe open(path, O_WRONLY)
            try #require(writer >= 0)
            let isWritten = file.isBeingWritten
            #expect(isWritten)
            close(writer)
            var times = [timeval](repeating: timeval(tv_sec: 1_000_000_000, tv_usec: 0), count: 2)
            // SAFETY: utimes(2) reads the NUL-terminated path and the two times during the call.
            try #require(unsafe utimes(path, &times) == 0)
            let (isStill, isAgain) = (file.isBeingWritten, try InputFile(path: path).isBeingWritten)
            #expect(!isStill && !isAgain)
            let isDevice = try InputFile(path: "/dev/null").isBeingWritten
            #expect(!isDevice)
        }
    }

    /// A pipe without a writer is opened at once and not taken for ended; a wait ends for octets, an end, a wake-up, or
    /// when its time is over.
    @Test func pipesAreWaitedFor() throws {
        try Golden.withTemporaryDirectory { folder in
            let path = folder + "/pipe"
            // SAFETY: mkfifo(3) reads the NUL-terminated path during the call.
            try #require(unsafe mkfifo(path, 0o600) == 0)
            let file = try InputFile(path: path)
            let (isReady, size) = (file.isReadable, file.size)
            #expect(!isReady && size == nil)
            let start = Clock.monotonicNanoseconds
            let isInTime = file.waitUntilReadable(nanoseconds: 20_000_000)
            #expect(!isInTime)
            #expect(Clock.monotonicNanoseconds - start >= 19_000_000)

            let wakeUp = WakeUp()
            let waker = try WorkerThread(name: "waker") {
                usleep(2_000)
                wakeUp.raise()
            }
            let (first, second) = (file.waitUntilReadable(orUntil: wakeUp), file.waitUntilReadable(orUntil: wakeUp))
            waker.join()
            #expect(!first && !second, "once raised it stays so")

            let writer = try WorkerThread(name: "writer") {
                guard let output = try? OutputFile(path: path) else { return }
                usleep(2_000)
                try? output.write([7, 8].span)
                usleep(2_000)
            }
            var buffer: [UInt8] = [0, 0, 0]
            var span = buffer.mutableSpan
            let (count, end) = (try file.read(into: &span, 0..<3), try file.read(into: &span, 2..<3))
            let isAtEnd = file.isReadable
            #expect(count == 2 && end == 0 && buffer == [7, 8, 0] && isAtEnd)
            writer.join()
        }
    }

    @Test func filesAppearWholeOrNotAtAll() throws {
        try Golden.withTemporaryDirectory { folder in
            let path = folder + "/file"
            let old: [UInt8] = [1, 2, 3], new: [UInt8] = [4, 5]
            try Golden.write(old, to: path)
            do {
                let file = try OutputFile(path: path)
                try file.write(new.span)
                // Dropped without a commit.
            }
            #expect(try Golden.read(path) == old)
            let file = try OutputFile(path: path)
            try file.write(new.span)
            try file.write(old.span)
            #expect(try Golden.read(path) == old, "nothing is seen before the commit")
            try file.commit()
            #expect(try Golden.read(path) == new + old)
            #expect(Self.names(in: folder) == ["file"])
        }
    }

    /// What is there already keeps its mode; a link stays, and what it names is replaced, or made.
    @Test func aReplacedFileKeepsItsModeAndItsLinks() throws {
        try Golden.withTemporaryDirectory { folder in
            let (path, link) = (folder + "/file", folder + "/link")
            try Golden.write([1], to: path)
            // SAFETY: chmod(2), symlink(2) and mkdir(2) read the NUL-terminated paths during the calls.
            unsafe try #require(chmod(path, 0o640) == 0 && symlink("folder/../file", link) == 0)
            // SAFETY: as above.
            unsafe try #require(mkdir(folder + "/folder", 0o700) == 0 && symlink("new", folder + "/dangling") == 0)
            for (name, octets) in [(link, [2, 3] as [UInt8]), (folder + "/dangling", [4])] {
                let file = try OutputFile(path: name)
                try file.write(octets.span)
                try file.commit()
            }
            #expect(try Golden.read(path) == [2, 3] && Golden.read(folder + "/new") == [4])
            #expect(FileTree.linkTarget(link) == "folder/../file" && FileTree.linkTarget(folder + "/dangling") == "new")
            var status = stat()
            // SAFETY: stat(2) reads the NUL-terminated path and fills `status` during the call.
            unsafe try #require(stat(path, &status) == 0)
            #expect(status.st_mode & 0o7777 == 0o640)
            #expect(Set(Self.names(in: folder)) == ["file", "link", "folder", "dangling", "new"])
        }
    }

    /// A name of a descriptor means what is open there, from where it stands.
    @Test func aNameOfADescriptorIsWrittenInPlace() throws {
        try Golden.withTemporaryDirectory { folder in
            let path = folder + "/file"
            try Golden.write([1, 2, 3], to: path)
            // SAFETY: open(2) reads the NUL-terminated path during the call.
            let descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
            try #require(descriptor >= 0)
            for name in ["/dev/fd/\(descriptor)", "/proc/self/fd/\(descriptor)"] {
                let file = try OutputFile(path: name)
                try file.write([4].span)
                try file.commit()
            }
            close(descriptor)
            #expect(try Golden.read(path) == [1, 2, 3, 4, 4])
            #expect(Self.names(in: folder) == ["file"])
        }
    }

    @Test func whatCannotBeWrittenIsNamed() throws {
        try Golden.withTemporaryDirectory { folder in
            let missing = #expect(throws: SystemFailure.self) {
                try OutputFile(path: folder + "/none/file").commit()
            }
            #expect(missing?.errno == ENOENT)
            let directory = #expect(throws: SystemFailure.self) { try OutputFile(path: folder).commit() }
            #expect(directory?.errno == EISDIR)
            let octets = [UInt8](repeating: 0, count: 100)
            let full = #expect(throws: SystemFailure.self) {
                let file = try OutputFile(path: "/dev/full")
                try file.write(octets.span)
            }
            #expect(full?.errno == ENOSPC && full?.operation == "write")
        }
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = unsafe opendir(folder) else { return [] }
        defer { _ = unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            // SAFETY: `d_name` is a NUL-terminated string inside the entry.
            names.append(
                unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
                })
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }
}
