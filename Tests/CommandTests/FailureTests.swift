import Foundation
import Testing

/// How the program says no: one clear message on standard error, nothing on standard output, and a code for scripts.
@Suite struct FailureTests {
    private func expectRefusal(
        _ arguments: [String], code: Int32 = 2, says text: String, source: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try Command.run(arguments)
        #expect(outcome.code == code, sourceLocation: source)
        #expect(outcome.output.isEmpty, sourceLocation: source)
        #expect(
            outcome.errors.hasPrefix("netspectra: ") && outcome.errors.contains(text), "\(outcome.errors)",
            sourceLocation: source)
    }

    @Test(arguments: [
        (["analyze"], "Missing expected argument '<file> ...'"),
        (["analyse", "x"], "'analyse'"),
        (["analyze", "--frob", "x"], "Unknown option '--frob'"),
        (["analyze", "--key", "SrcIp,Port", "x"], "\"Port\" is not a key field"),
        (["analyze", "--key", "SrcIP", "-b", "x"], "a bidirectional key needs both ends"),
        (["analyze", "--key", "SrcIP", "--key", "srcip", "x"], "--key 'SrcIP' is given twice"),
        (["analyze", "--key", "SrcIP/129", "x"], "a prefix length is 0 to 128"),
        (["analyze", "--top", "many", "x"], "The value 'many' is invalid for '--top <rows>'"),
        (["analyze", "--top=-1", "x"], "--top: -1 rows cannot be"),
        (["analyze", "--top", "-1", "x"], "--top: -1 rows cannot be"),
        (["analyze", "-t", "-1", "x"], "--top: -1 rows cannot be"),
        (["analyze", "--top", "--sort", "bytes", "x"], "The value '--sort' is invalid for '--top <rows>'"),
        (["analyze", "--workers", "-2", "x"], "--workers: -2 is not between 1 and 1024"),
        (["show", "--top", "-1", "x"], "--top: -1 rows cannot be"),
        (["generate", "--packets", "-1", "x"], "the number of packets is"),
        (["generate", "--vlan-share", "-0.5", "x"], "a share is 0 to 1"),
        (["analyze", "--sort", "size", "x"], "The value 'size' is invalid for '--sort <order>'"),
        (["analyze", "--format", "xml", "x"], "'table', 'json', 'ndjson' or 'csv'"),
        (["analyze", "--tunnels", "middle", "x"], "'outer' and 'inner'"),
        (["analyze", "--workers", "0", "x"], "--workers: 0 is not between 1 and 1024"),
        (["analyze", "--snapshot-interval", "soon", "x"], "'soon' is no duration; write it like 30s"),
        (["analyze", "--snapshot-clock", "sun", "x"], "'wall' and 'capture'"),
        (["analyze", "--max-memory", "3", "x"], "'3' is no size of 1 MiB or more"),
        (["analyze", "-", "-"], "standard input (-) can be read only once"),
        (["show"], "Missing expected argument '<path>'"),
        (["generate"], "Missing expected argument '<output>'"),
        (["generate", "--flows", "0", "x"], "the number of flows is 1 to"),
        (["generate", "--vlan-share", "1.5", "x"], "a share is 0 to 1"),
        (["generate", "--truth", "-", "-"], "only one of capture and truth can be standard output"),
    ])
    func usage(arguments: [String], message: String) throws {
        try expectRefusal(arguments, says: message)
    }

    @Test func usageErrorsNameTheSubcommandsHelp() throws {
        for arguments in [["analyze"], ["analyze", "--key", "X", "x"], ["show"], ["generate", "--flows", "0", "x"]] {
            let errors = try Command.run(arguments).errors
            #expect(errors.contains("See 'netspectra \(arguments[0]) --help'"), "\(errors)")
        }
    }

    @Test func aWrongFilterIsPointedAt() throws {
        try expectRefusal(
            ["analyze", "--where", "tcp and por 443", Command.sample],
            says: "--where: \"por\" is not a field, keyword or address (did you mean port?)\n  tcp and por 443\n"
                + "          ^~~\n")
    }

    @Test func outputsThatCannotBe() throws {
        try Command.withFolder { folder throws in
            let below = try Command.run("analyze", "-f", "csv", "-o", "README.md/x", Command.sample)
            #expect(below.code == 73)
            #expect(below.errors == "netspectra: cannot create directory README.md: Not a directory\n")
            // The other output goes on.
            #expect(below.lines.count == 96)
            let absent = try Command.run("generate", "-p", "10", "-f", "2", folder.path + "/absent/a.pcap")
            #expect(absent.code == 73 && absent.errors.contains("No such file or directory"))
        }
        for arguments in ["", "-f json", "-f csv -k VLAN", "-k VLAN"] {
            let full = try Command.shell("$N analyze \(arguments) \(Command.sample) > /dev/full")
            #expect(full.code == 74, "\(arguments)")
            #expect(full.errors == "netspectra: cannot write standard output: No space left on device\n")
        }
        let generated = try Command.run("generate", "-p", "10", "-f", "2", "/dev/full")
        #expect(generated.code == 74 && generated.errors.contains("No space left on device"))
        #expect(try Command.shell("$N show --help > /dev/null").code == 0)
    }

    /// What is no result of a run is written, too, or it is said that it was not.
    @Test(arguments: [
        "--help", "--version", "show --help", "help analyze", "analyze --config-example", "capture --config-example",
        "--generate-completion-script bash",
    ])
    func whatIsAskedForInsteadOfARunIsWrittenOrNot(arguments: String) throws {
        let whole = try Command.shell("$N \(arguments)")
        #expect(whole.code == 0 && whole.errors.isEmpty && whole.text.hasSuffix("\n"))
        let full = try Command.shell("$N \(arguments) > /dev/full")
        #expect(full.code == 74)
        #expect(full.errors == "netspectra: cannot write standard output: No space left on device\n")
        // Ended by the signal, or, where that is ignored, as if it were.
        for ignored in ["", "trap '' PIPE; "] {
            let closed = try Command.shell(
                "\(ignored)exec 3> >(exec true); wait $!; $N \(arguments) >&3; code=$?; exit $code")
            #expect(closed.code == 141 && closed.errors.isEmpty, "\(closed.errors)")
        }
    }

    /// Linux takes any octets for a name.
    @Test func namesThatAreNoUTF8() throws {
        try Command.withFolder { folder throws in
            let outcome = try Command.shell(
                """
                set -e
                cp \(Command.sample) $'\(folder.path)/lat\\xe9'; cd '\(folder.path)'
                $N generate -p 100 -f 3 $'lat\\xe8' 2>&1
                $N analyze -k VLAN -f csv -o $'out\\xff' $'lat\\xe9' > a
                $N show -f csv $'out\\xff' | cmp - a
                $N analyze -k VLAN -f csv --store $'db\\xff' --records $'r\\xff' $'lat\\xe8' > /dev/null
                $N query top --store $'db\\xff' -f csv | wc -l
                $N messages -o $'m\\xff' $'lat\\xe9' 2> /dev/null
                $N edit --where tcp -o $'e\\xff' $'lat\\xe9' 2> /dev/null
                $N analyze $'lat\\xe9' | grep File
                $N analyze -f json $'lat\\xe9' | grep -o '"name":"lat[^"]*"'
                rm -f *-shm *-wal; LC_ALL=C ls -1 --quoting-style=c
                """)
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(
                outcome.lines == [
                    "2", "  File      lat\u{FFFD}  (pcapng, Ethernet, 343 kB, 659 packets)", "\"name\":\"lat\u{FFFD}\"",
                    #""a""#, #""db\377""#, #""e\377""#, #""lat\350""#, #""lat\351""#, #""m\377""#, #""out\377""#,
                    #""r\377""#,
                ], "\(outcome.text)")
            let missing = try Command.shell(#"$N analyze $'no\xe9\e[31m\n'"#)
            #expect(missing.code == 66)
            #expect(
                missing.errors
                    == #"netspectra: cannot open no\xe9\x1b[31m\n: No such file or directory"# + "\n")
            let wrong = try Command.shell(#"$N analyze --no$'\xe9' x"#)
            #expect(wrong.code == 2 && wrong.errors.contains(#"--no\xe9"#))
        }
    }

    /// What needs a library that is not there says so; all else works without it.
    @Test(.enabled(if: Command.canMount, "mounting in a name space of the test's own is not permitted"))
    func aMissingLibraryIsNamed() throws {
        let outcome = try Command.shell(
            """
            exec unshare --mount bash -c '
                /sbin/ldconfig -p | grep -o "/.*/libpcap.so[.0-9]*" | xargs -n 1 readlink -f | sort -u |
                    xargs -I % mount --bind /dev/null % &&
                "$N" analyze --format json \(Command.sample) >/dev/null &&
                exec "$N" capture --interface lo --duration 1s'
            """)
        #expect(outcome.code == 69 && outcome.output.isEmpty)
        #expect(
            outcome.errors.hasPrefix("netspectra: cannot load libpcap.so.0.8, which Debian's package libpcap0.8 has: "),
            "\(outcome.errors)")
    }

    /// A reader that has seen enough is no failure to tell of.
    @Test func aClosedPipeIsQuiet() throws {
        for arguments in ["", "-f csv -k five-tuple", "-f json"] {
            let outcome = try Command.shell("$N analyze \(arguments) \(Command.sample) | head -n 1")
            #expect(outcome.errors == "" && outcome.code == 0 && outcome.lines.count == 1)
            let ignored = try Command.shell(
                "trap '' PIPE; $N analyze \(arguments) \(Command.sample) | true; exit ${PIPESTATUS[0]}")
            #expect(ignored.errors == "" && (ignored.code == 141 || ignored.code == 0))
        }
    }

    /// What is written besides is whole although nobody reads the rows.
    @Test func aClosedPipeEndsNothingElse() throws {
        try Command.withFolder { folder throws in
            #expect(try Command.run("generate", "-p", "40000", "-f", "5000", "a.pcap", folder: folder).code == 0)
            let outcome = try Command.shell(
                """
                $N analyze -k 5tuple -f csv --snapshot-interval 10s --output out --store a.db --records a.jsonl a.pcap |
                    head -n 1; exit ${PIPESTATUS[0]}
                """, folder: folder)
            #expect(outcome.errors == "" && outcome.code == 141)
            let snapshots = try Command.run("show", "-f", "csv", "out", folder: folder)
            let packets = snapshots.lines.dropFirst().reduce(0) { $0 + (Int($1.split(separator: ",")[7]) ?? 0) }
            #expect(packets == 40_000)
            let summary = try Command.run("query", "summary", "--store", "a.db", folder: folder)
            #expect(summary.text.contains("40,000"), "\(summary.text)")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(names.contains("a.jsonl") && !names.contains { $0.hasSuffix(".tmp") })
        }
    }

    /// A disk that is full: what stands there stays, and what is missing is counted.
    @Test(.enabled(if: Command.canMount, "mounting in a name space of the test's own is not permitted"))
    func snapshotsThatDoNotFitAreCounted() throws {
        try Command.withFolder { folder throws in
            #expect(try Command.run("generate", "-p", "40000", "-f", "5000", "a.pcap", folder: folder).code == 0)
            let outcome = try Command.shell(
                """
                mkdir small; exec unshare --mount bash -c '
                    mount -t tmpfs -o size=300k tmpfs small &&
                    exec "$N" analyze -k 5tuple -f json --top 1 --snapshot-interval 5s --output small a.pcap'
                """, folder: folder)
            #expect(outcome.code == 74 && outcome.errors.contains("No space left on device"))
            let stages = try JSON(parsing: outcome.text)["summary"]["ledger"]["stages"].array
            let stage = stages.first { $0["stage"].string == "directory small" }
            let (seen, delivered) = (stage?["seen"].int ?? 0, stage?["delivered"].int ?? 0)
            #expect(seen == 12 && delivered > 0 && stage?["lost"]["not written"].int == seen - delivered)
        }
    }
}
