import Foundation
import Testing

/// `netspectra capture` on interfaces of its own: what was sent is what is counted, or named in the ledger.
@Suite(.enabled(if: LiveNetwork.obstacle == nil, "\(LiveNetwork.obstacle ?? "")"))
struct CaptureTests {
    /// Rows of `--key DstPort --format csv` as port → packets.
    private func packets(_ outcome: LiveNetwork.Outcome) throws -> [String: Int] {
        let columns = try #require(outcome.lines.first).split(separator: ",").map(String.init)
        let (port, packets) = (columns.firstIndex(of: "dst_port"), columns.firstIndex(of: "packets"))
        return try outcome.lines.dropFirst().reduce(into: [:]) { sums, line in
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            sums[cells[try #require(port)], default: 0] += Int(cells[try #require(packets)]) ?? 0
        }
    }

    @Test func whatIsSentIsCounted() throws {
        let outcome = try LiveNetwork.run(
            """
            begin -i b0 --key DstPort --format json
            send 10.9.0.9 53 300
            send 10.9.0.9 5353 200 1000
            interrupt; exit $code
            """)
        #expect(outcome.script.code == 0, "\(outcome.script.errors)\(outcome.errors)")
        #expect(outcome.errors == "netspectra: capturing on b0; Ctrl-C ends it\n")
        let interface = try outcome.stage("interface b0")
        #expect(interface["seen"].int == 500 && interface["delivered"].int == 500)
        #expect(try JSON(parsing: outcome.output)["summary"]["ledger"]["balanced"].bool == true)
        let task = try outcome.stage("task DstPort")
        #expect(task["seen"].int == 500 && task["delivered"].int == 500)
    }

    @Test func rowsHoldWhatWasSent() throws {
        let counted = try LiveNetwork.run(
            """
            begin -i b0 --key DstPort --format csv
            send 10.9.0.9 53 300
            send 10.9.0.9 5353 200 1000
            interrupt; exit $code
            """)
        #expect(try packets(counted) == ["53": 300, "5353": 200])
    }

    @Test func theKernelFilters() throws {
        let outcome = try LiveNetwork.run(
            """
            begin -i b0 --filter 'udp port 53 and not port 54' --key DstPort --format csv
            send 10.9.0.9 54 100
            send 10.9.0.9 53 70
            interrupt; exit $code
            """)
        #expect(outcome.script.code == 0)
        #expect(try packets(outcome) == ["53": 70])
    }

    @Test func interfacesAreCountedTogetherAndTold() throws {
        let outcome = try LiveNetwork.run(
            """
            begin -i b0 -i b1 --key DstPort --format json
            send 10.9.0.9 53 120
            send 10.9.1.9 53 80
            interrupt; exit $code
            """)
        #expect(outcome.script.code == 0)
        #expect(try outcome.stage("interface b0")["delivered"].int == 120)
        #expect(try outcome.stage("interface b1")["delivered"].int == 80)
        #expect(try outcome.stage("task DstPort")["delivered"].int == 200)
    }

    @Test(arguments: [2, 3]) func fanoutGivesEachPacketToOneWorker(sockets: Int) throws {
        let outcome = try LiveNetwork.run(
            """
            begin -i b0 -i b1 --fanout \(sockets) --key DstPort --format json
            spread 10.9.0.9 53 400
            spread 10.9.1.9 54 200
            interrupt; exit $code
            """)
        #expect(outcome.script.code == 0, "\(outcome.errors)")
        #expect(try outcome.stage("interface b0")["seen"].int == 400)
        #expect(try outcome.stage("interface b1")["seen"].int == 200)
        #expect(try outcome.stage("task DstPort")["delivered"].int == 600)
    }

    @Test func anInterfaceGoingDownIsTheEnd() throws {
        let outcome = try LiveNetwork.run(
            """
            begin -i b0 --key DstPort --format csv
            send 10.9.0.9 53 60
            ip link set b0 down
            finish; exit $code
            """)
        #expect(outcome.script.code == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("netspectra: b0: the interface went down\n"))
        #expect(try packets(outcome) == ["53": 60])
    }

    @Test func anInterfaceThatIsTakenAwayLeavesTheOthers() throws {
        let outcome = try LiveNetwork.run(
            """
            begin -i b0 -i b1 --key DstPort --format csv
            send 10.9.0.9 53 60
            ip link delete a0
            until grep -q 'b0: ' err; do sleep 0.02; done
            send 10.9.1.9 54 40
            interrupt; exit $code
            """)
        #expect(outcome.script.code == 1, "\(outcome.errors)")
        #expect(try packets(outcome) == ["53": 60, "54": 40])
    }

    /// The reader is stopped while more comes than the buffer holds.
    @Test func whatHasNoRoomIsInTheLedger() throws {
        let outcome = try LiveNetwork.run(
            """
            begin -i b0 --buffer-size 64KiB --key DstPort --format json
            kill -STOP $process
            send 10.9.0.9 53 6000 400
            kill -CONT $process
            interrupt; exit $code
            """)
        #expect(outcome.script.code == 0, "\(outcome.errors)")
        let interface = try outcome.stage("interface b0")
        let lost = try #require(interface["lost"]["no room in the kernel's buffer"].int)
        let delivered = try #require(interface["delivered"].int)
        #expect(interface["seen"].int == 6000 && lost > 0 && delivered > 0 && lost + delivered == 6000)
        #expect(try outcome.stage("task DstPort")["delivered"].int == delivered)
    }

    @Test func packetsAreLimited() throws {
        let outcome = try LiveNetwork.run(
            """
            begin -i b0 --packets 100 --key DstPort --format json
            send 10.9.0.9 53 300
            finish; exit $code
            """)
        #expect(outcome.script.code == 0, "\(outcome.errors)")
        #expect(try outcome.stage("interface b0")["delivered"].int == 100)
        #expect(try outcome.stage("task DstPort")["delivered"].int == 100)
    }

    @Test func durationEndsIt() throws {
        let outcome = try LiveNetwork.run(
            """
            begin -i b0 --duration 300ms --key DstPort --format csv
            finish; exit $code
            """)
        #expect(outcome.script.code == 0 && outcome.errors == "netspectra: capturing on b0\n", "\(outcome.errors)")
    }

    @Test func theLoopbackCountsOnce() throws {
        let outcome = try LiveNetwork.run(
            """
            begin -i lo --filter 'udp dst port 53' --key DstPort --format json
            # Nobody listens: some are refused because of the answers to others.
            send 127.0.0.1 53 90 2>/dev/null || true
            interrupt; exit $code
            """)
        #expect(outcome.script.code == 0, "\(outcome.errors)")
        let interface = try outcome.stage("interface lo")
        #expect(try #require(interface["delivered"].int) > 0)
        #expect(interface["delivered"].int == interface["filtered"]["seen twice on the loopback"].int)
        #expect(try outcome.stage("task DstPort")["delivered"].int == interface["delivered"].int)
    }

    /// Periodic snapshots, a directory and a database, ended by Ctrl-C: every packet is in exactly one of them.
    @Test func snapshotsAreWrittenUntilTheEnd() throws {
        let outcome = try LiveNetwork.run(
            """
            begin -i b0 --key DstPort --format csv --snapshot-interval 200ms --output data --store live.db
            for round in 1 2 3 4 5; do send 10.9.0.9 53 40; sleep 0.1; done
            interrupt
            "$N" query summary --store live.db --format json >stored
            cat stored; ls data
            exit $code
            """)
        #expect(outcome.script.code == 0, "\(outcome.script.errors)\(outcome.errors)")
        #expect(try packets(outcome) == ["53": 200])
        #expect(outcome.script.text.contains("200"))
    }
}

/// What `capture` says without ever capturing.
@Suite struct CaptureUsageTests {
    @Test(arguments: [
        (["capture"], "on which interface?"),
        (["capture", "-i", "a", "-i", "a"], "given twice"),
        (["capture", "-i", "a", "--read", "b"], "exclude each other"),
        (["capture", "-i", "a", "--speed", "max"], "--speed needs --read"),
        (["capture", "-r", "b", "--filter", "udp"], "--filter needs -i; for --read there is --where"),
        (["capture", "-r", "b", "--fanout", "2"], "--fanout needs -i"),
        (["capture", "-r", "b", "--speed", "fast"], "neither max nor a multiple"),
        (["capture", "-r", "b", "--speed", "0x"], "neither max nor a multiple"),
        (["capture", "-i", "a", "--snap-length", "3"], "not between 14 and 262144"),
        (["capture", "-i", "a", "--fanout", "0"], "not between 1 and 256"),
        (["capture", "-i", "a", "--fanout", "3", "--workers", "2"], "fewer than --fanout 3 needs"),
        (["capture", "-i", "a", "--buffer-size", "7"], "no size between"),
        (["capture", "-i", "a", "--duration", "soon"], "no duration"),
        (["capture", "-i", "a", "--packets", "-1"], "not above 0"),
        (["capture", "-i", "a", "--snapshot-clock", "capture"], "packets are live"),
    ])
    func mistakesAreNamed(arguments: [String], message: String) throws {
        let outcome = try Command.run(arguments)
        #expect(outcome.code == 2 && outcome.errors.contains(message), "\(outcome.errors)")
    }

    @Test func unknownInterfacesAreNamedWithTheNearest() throws {
        let outcome = try Command.run("capture", "-i", "loo")
        #expect(outcome.code == 66)
        #expect(outcome.errors.contains("there is no interface loo (did you mean lo?)"), "\(outcome.errors)")
    }

    @Test func interfacesAreListed() throws {
        let outcome = try Command.run("capture", "--list-interfaces")
        #expect(outcome.code == 0 && outcome.lines.contains { $0.hasPrefix("  lo ") }, "\(outcome.text)")
    }

    @Test(.enabled(if: LiveNetwork.obstacle == nil, "\(LiveNetwork.obstacle ?? "")"))
    func aFilterThatCannotBeReadIsShownWhere() throws {
        let outcome = try Command.run("capture", "-i", "lo", "--filter", "udp port 53 und tcp")
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains("--filter: ") && outcome.errors.contains("after 'udp port 53'"))
    }

    /// Without any capability, as anybody is who did nothing about it.
    @Test(.enabled(if: LiveNetwork.obstacle == nil, "\(LiveNetwork.obstacle ?? "")"))
    func missingPrivilegesAreSaid() throws {
        let outcome = try Command.shell("setpriv --bounding-set=-all --inh-caps=-all \"$N\" capture -i lo")
        #expect(outcome.code == 77)
        #expect(outcome.errors.contains("setcap cap_net_raw+ep"), "\(outcome.errors)")
    }
}

/// `capture --read` is `analyze`, whatever the pace.
@Suite struct CaptureReadTests {
    @Test(arguments: ["max", "1000000x"]) func playedCapturesGiveWhatAnalyzeGives(speed: String) throws {
        for rest in [
            [], ["--key", "five-tuple", "--format", "csv"],
            ["--key", "SrcIP", "--snapshot-interval", "10s", "--format", "ndjson"],
        ] {
            let analyzed = try Command.run(["analyze", Command.sample] + rest)
            let played = try Command.run(["capture", "--read", Command.sample, "--speed", speed] + rest)
            #expect(played.output == analyzed.output && played.code == analyzed.code, "\(played.errors)")
        }
    }

    @Test func aPlayedCaptureCanBeEndedByTime() throws {
        let outcome = try Command.run("capture", "--read", Command.sample, "--speed", "0.001x", "--duration", "200ms")
        #expect(outcome.code == 0 && outcome.text.contains("Ledger"), "\(outcome.errors)")
    }

    private static let corpus = ProcessInfo.processInfo.environment["NETSPECTRA_CORPUS"]

    /// Both commands over every capture of the corpus: the same rows, messages and exit codes.
    @Test(.enabled(if: corpus != nil, "NETSPECTRA_CORPUS is not set"))
    func everyCaptureGivesWhatAnalyzeGives() throws {
        let outcome = try Command.withFolder { folder in
            try Command.shell(
                """
                count=0
                for file in "\(Self.corpus!)"/*.*cap*; do
                    options='--key five-tuple --key DstPort --snapshot-interval 1h --format csv'
                    code=0; "$N" analyze $options "$file" >a 2>&1 || code=$?; echo "code $code" >>a
                    code=0; "$N" capture --speed max $options -r "$file" >b 2>&1 || code=$?; echo "code $code" >>b
                    cmp -s a b || echo "DIFFERS $file"
                    count=$((count + 1))
                done
                echo "$count captures"
                """, folder: folder)
        }
        #expect(!outcome.text.contains("DIFFERS"), "\(outcome.text)")
        let count = outcome.lines.last.flatMap { Int($0.prefix { $0 != " " }) } ?? 0
        #expect(count > 100, "\(outcome.text)")
    }
}
