import Foundation
import Testing

/// What `netspectra capture` gives up once its interfaces are open, and that it does its work all the same.
@Suite(.enabled(if: LiveNetwork.obstacle == nil, "\(LiveNetwork.obstacle ?? "")"))
struct CapturePrivilegeTests {
    /// Whether this kernel can keep files from a process, in the version that `capture` needs.
    private static let hasLandlock: Bool = {
        let check = try? JSON(parsing: try Command.run("doctor", "--json").text)["checks"].array
            .first { $0["check"].string == "landlock" }
        let version = check?["found"].string?.firstMatch(of: /version (\d+)/).flatMap { Int($0.1) }
        return (version ?? 0) >= 2
    }()

    /// For scripts: what each thread of the capture has, each different line once.
    private static let sets = """
        sets() { sed -nE '/^(Cap(Eff|Prm|Inh|Bnd|Amb)|NoNewPrivs)/p' /proc/$process/task/*/status | sort -u; }

        """

    private static let none = """
        CapAmb:\t0000000000000000
        CapBnd:\t0000000000000000
        CapEff:\t0000000000000000
        CapInh:\t0000000000000000
        CapPrm:\t0000000000000000
        NoNewPrivs:\t1

        """

    /// With all that is written besides standard output.
    @Test func noThreadHasPrivilegesAndEverythingIsWritten() throws {
        let outcome = try LiveNetwork.run(
            Self.sets + """
                begin -i b0 --key DstPort --format csv --snapshot-interval 200ms --output data --store live.db \\
                    --records flows.ndjson --fanout 2
                sets
                for round in 1 2 3; do send 10.9.0.9 53 40; sleep 0.3; done
                interrupt
                test $code = 0
                ls data | wc -l >directories; (($(cat directories) > 1))
                "$N" query summary --store live.db --format json | grep -c '"packets": *120' >/dev/null
                grep -c '"destination_port":53\\|"dst_port":53' flows.ndjson >/dev/null
                """)
        #expect(outcome.script.code == 0, "\(outcome.script.errors)\(outcome.errors)")
        #expect(outcome.script.text == Self.none)
    }

    @Test func whoHasButOneCapabilityKeepsNone() throws {
        let outcome = try LiveNetwork.run(
            Self.sets + """
                chmod 777 . && N="setpriv --reuid=nobody --clear-groups --inh-caps=-all,+net_raw"
                begin() { set -m; $N --ambient-caps=-all,+net_raw "$@" >out 2>err & process=$!; set +m; }
                begin \(Command.program.path) capture -i b0 --key DstPort --format csv
                until grep -q 'capturing on' err; do kill -0 $process; sleep 0.02; done
                sets; send 10.9.0.9 53 30; interrupt; exit $code
                """)
        #expect(outcome.script.code == 0, "\(outcome.script.errors)\(outcome.errors)")
        // What can be given is not his to restrict; no program can give it to him any more.
        let lines = outcome.script.lines.filter { !$0.hasPrefix("CapBnd") }
        #expect(lines == Self.none.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("CapBnd") })
        #expect(outcome.output.contains(",53,30,"))
    }

    /// A database in somebody's home, captured for by root: what keeps him out is kept, as long as it is needed.
    @Test func directoriesOfOthersCanBeWrittenInto() throws {
        let outcome = try LiveNetwork.run(
            Self.sets + """
                mkdir home && chown nobody home && chmod 700 home
                begin -i b0 --key DstPort --format csv --snapshot-interval 200ms --store home/live.db --output home/data
                sets | grep -E 'Eff|Prm|Bnd'
                for round in 1 2 3; do send 10.9.0.9 53 40; sleep 0.3; done
                interrupt
                ls home; exit $code
                """)
        #expect(outcome.script.code == 0, "\(outcome.script.errors)\(outcome.errors)")
        #expect(
            outcome.script.lines == [
                "CapBnd:\t0000000000000000", "CapEff:\t0000000000000002", "CapPrm:\t0000000000000002", "data",
                "live.db",
            ])
    }

    /// Somebody leads the output elsewhere: the kernel does not follow, though the place is root's and he is root.
    @Test(.enabled(if: hasLandlock, "this kernel has no Landlock of Linux 5.19"))
    func nothingElseCanBeWritten() throws {
        let script = """
            mkdir data elsewhere
            begin -i b0 --key DstPort --format csv --snapshot-interval 200ms --output data $1
            mv data old; ln -s elsewhere data
            for round in 1 2 3; do send 10.9.0.9 53 40; sleep 0.3; done
            interrupt
            ls elsewhere | wc -l; exit $code
            """
        let confined = try LiveNetwork.run(script.replacing("$1", with: ""))
        #expect(confined.script.code == 73 || confined.script.code == 74, "\(confined.errors)")
        #expect(confined.script.text == "0\n" && confined.errors.contains("Permission denied"), "\(confined.errors)")
        let free = try LiveNetwork.run(script.replacing("$1", with: "--no-sandbox"))
        #expect(free.script.code == 0 && free.script.text != "0\n", "\(free.errors)")
    }

    /// Programs for alerts are run, and write where they like; of root's privileges they have none.
    @Test func programsOfAlertsRunWithoutPrivileges() throws {
        let outcome = try LiveNetwork.run(
            """
            cat >settings.yaml <<'END'
            aggregator:
              exact_tasks: [{name: ports, key_fields: [DstPort]}]
            alerts:
              rules:
                - {name: busy, task: ports, when: packets > 10}
              notifiers:
                - {name: program, type: command, command: [sh, -c, "grep CapEff /proc/self/status >elsewhere/told"]}
            END
            mkdir elsewhere
            begin -i b0 --config settings.yaml --format csv --snapshot-interval 200ms
            for round in 1 2 3; do send 10.9.0.9 53 40; sleep 0.3; done
            interrupt
            cat elsewhere/told; exit $code
            """)
        #expect(outcome.script.code == 0, "\(outcome.script.errors)\(outcome.errors)")
        #expect(outcome.script.text == "CapEff:\t0000000000000000\n")
    }

    @Test func whoWantsKeepsThem() throws {
        let outcome = try LiveNetwork.run(
            Self.sets + """
                begin -i b0 --no-sandbox --key DstPort --format csv
                sets | grep -E 'Eff|New'; interrupt; exit $code
                """)
        let sets = outcome.script.lines
        #expect(sets.count == 2 && sets.last == "NoNewPrivs:\t0" && sets.first != "CapEff:\t0000000000000000")
    }
}
