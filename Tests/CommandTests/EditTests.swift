import Foundation
import TestSupport
import Testing

/// `netspectra edit` on the sample capture, and what tshark and capinfos say of its output where they are installed.
@Suite struct EditTests {
    private static let tshark = ["/usr/bin/tshark", "/usr/local/bin/tshark"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
    private static let random = String(repeating: "ab", count: 32)

    /// Runs `edit` with its output in a temporary folder; the output's name goes to `body`.
    private static func edit(
        _ arguments: [String], name: String = "out.pcapng",
        _ body: (_ outcome: Command.Outcome, _ path: String) throws -> Void
    ) throws {
        try Golden.withTemporaryDirectory { folder in
            let path = "\(folder)/\(name)"
            try body(try Command.run(["edit"] + arguments + ["-o", path]), path)
        }
    }

    private static func lines(_ program: String, _ arguments: [String]) throws -> [String] {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func withoutOptionsItIsACopy() throws {
        try Self.edit([Command.sample]) { outcome, path in
            #expect(outcome.code == 0)
            #expect(outcome.errors == "netspectra: 659 of 659 packets written\n")
            let all = ["analyze", "--quiet", "--format", "csv"]
            let (copy, original) = (try Command.run(all + [path]), try Command.run(all + [Command.sample]))
            #expect(copy.text == original.text)
        }
    }

    @Test func onlyWhatIsAskedForIsKept() throws {
        try Self.edit(["--where", "port 36672", Command.sample]) { outcome, path in
            #expect(outcome.code == 0 && outcome.errors.hasSuffix("not asked for\n"))
            let messages = try Command.run("messages", "--quiet", path).text
            let expected = try Command.run("messages", "--quiet", "--where", "port 36672", Command.sample).text
            #expect(messages == expected)
        }
        try Self.edit(["--connections", "192.0.2.10:36672-192.0.2.1:80", Command.sample]) { outcome, path in
            let messages = try Command.run("messages", "--quiet", path).text
            let expected = try Command.run("messages", "--quiet", "--where", "port 36672", Command.sample).text
            #expect(messages == expected)
        }
        let wrong = ["x", "", "10.0.0.1:1", "10.0.0.1:a-10.0.0.2:2", "a.test:1-10.0.0.2:2", "1.1.1.1:65536-1.1.1.2:1"]
        for list in wrong + ["10.0.0.1:1-10.0.0.2:2,", "10.0.0.1-10.0.0.2"] {
            let outcome = try Command.run("edit", "--connections", list, Command.sample, "-o", "/dev/null")
            // In the words of this option, not those of a filter that is made of it.
            #expect(outcome.code == 2 && outcome.errors.contains("--connections: '"), "\(list): \(outcome.errors)")
        }
        for list in ["[2001:db8::1]:1 - [2001:db8::2]:2", "2001:db8::1:1-2001:db8::2:2"] {
            let outcome = try Command.run("edit", "--connections", list, Command.sample, "-o", "/dev/null")
            #expect(outcome.code == 0 && outcome.errors.hasPrefix("netspectra: 0 of 659 packets"), "\(outcome.errors)")
        }
    }

    @Test func addressesAreReplacedAndChecksumsStayRight() throws {
        try Self.edit(["--anonymise-seed", "test", Command.sample]) { outcome, path in
            #expect(outcome.code == 0)
            let text = try Command.run("messages", "--quiet", path).text
            #expect(!text.contains("192.0.2.10") && text.contains("GET / HTTP/1.1"))
            let again = try Command.run("edit", "--quiet", "--anonymise-seed", "test", Command.sample, "-o", path + "2")
            #expect(again.code == 0)
            let (first, second) = (Data(contentsOfFile: path), Data(contentsOfFile: path + "2"))
            #expect(first == second && !first.isEmpty)
            guard let tshark = Self.tshark else {
                print("skipped in part: tshark is not installed")
                return
            }
            let bad = "ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0"
            let options = [
                "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
            ]
            let before = try Self.lines(tshark, options + ["-r", Command.root.path + "/" + Command.sample, "-Y", bad])
            #expect(try Self.lines(tshark, options + ["-r", path, "-Y", bad]).count == before.count)
        }
    }

    @Test func aKeyFileMustHoldAKey() throws {
        try Golden.withTemporaryDirectory { folder in
            let key = "\(folder)/key"
            for (contents, code) in [
                (Data(repeating: 7, count: 32), Int32(0)), (Data(String(repeating: "7f", count: 32).utf8 + [10]), 0),
                (Data("short".utf8), 78),
            ] {
                try contents.write(to: URL(filePath: key))
                let outcome = try Command.run(
                    "edit", "--quiet", "--anonymise", key, Command.sample, "-o", "\(folder)/out")
                #expect(outcome.code == code)
            }
            #expect(
                try Command.run("edit", "--anonymise", "\(folder)/none", Command.sample, "-o", "\(folder)/out").code
                    == 66)
        }
    }

    @Test func secretsGoInAndOutAgain() throws {
        try Golden.withTemporaryDirectory { folder in
            let (keyLog, with, without) = ("\(folder)/keys", "\(folder)/with.pcapng", "\(folder)/without.pcapng")
            try Data("CLIENT_RANDOM \(Self.random) \(Self.random)\n".utf8).write(to: URL(filePath: keyLog))
            #expect(try Command.run("edit", "-q", "--inject-keylog", keyLog, Command.sample, "-o", with).code == 0)
            #expect(Data(contentsOfFile: with).range(of: Data(Self.random.utf8)) != nil)
            let outcome = try Command.run("edit", "--strip-secrets", with, "-o", without)
            #expect(outcome.errors == "netspectra: 659 of 659 packets written, 1 block of secrets left out\n")
            #expect(Data(contentsOfFile: without).range(of: Data(Self.random.utf8)) == nil)
            // No key log: nothing is written.
            try Data("nothing\n".utf8).write(to: URL(filePath: keyLog))
            let refused = try Command.run("edit", "--inject-keylog", keyLog, Command.sample, "-o", "\(folder)/no")
            #expect(refused.code == 65)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/no"))
            // Nor is a capture that holds one.
            let capture = try Command.run("edit", "--inject-keylog", with, Command.sample, "-o", "\(folder)/no")
            #expect(capture.code == 65 && !FileManager.default.fileExists(atPath: "\(folder)/no"))
            // Other addresses do not take secrets out, which is said.
            let other = try Command.run("edit", "--anonymise-seed", "x", with, "-o", without)
            #expect(other.errors.contains("1 block of secrets kept"), "\(other.errors)")
        }
    }

    @Test func aCutCaptureIsCopiedAsFarAsItGoes() throws {
        try Golden.withTemporaryDirectory { folder in
            let whole = try Data(contentsOf: Command.root.appending(path: Command.sample))
            let cut = "\(folder)/cut.pcapng"
            try whole.prefix(whole.count / 2).write(to: URL(filePath: cut))
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: cut)
            let outcome = try Command.run("edit", cut, "-o", "\(folder)/out.pcapng")
            #expect(outcome.code == 1)
            let copy = try Command.run("analyze", "--quiet", "--format", "csv", "\(folder)/out.pcapng")
            #expect(copy.code == 0)
            let expected = try Command.run("analyze", "--quiet", "--format", "csv", cut)
            #expect(copy.text == expected.text)
        }
    }
}

extension Data {
    /// None where there is no such file.
    fileprivate init(contentsOfFile path: String) { self = FileManager.default.contents(atPath: path) ?? Data() }
}
