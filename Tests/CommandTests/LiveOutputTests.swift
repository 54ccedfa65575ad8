import Foundation
import TestSupport
import Testing

/// Live traffic on its way out: to a collector, to whoever is alerted, and with its processes into every output.
@Suite(.enabled(if: LiveNetwork.obstacle == nil, "\(LiveNetwork.obstacle ?? "")"))
struct LiveOutputTests {
    /// For scripts: `collector` starts nfcapd, `collected` ends it once it has read everything, and prints packets and
    /// octets by addresses and ports, sorted.
    private static let collector = """
        collector() {
            mkdir flows
            # Threads of the tests block signals, and nfcapd writes its file on SIGTERM.
            python3 -c 'import os, signal
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        os.execvp("nfcapd", "nfcapd -b 127.0.0.1 -p 4739 -B 4194304 -w flows -t 3600".split())' >nfcapd.log 2>&1 &
            nfcapd=$!
            until grep -q Startup nfcapd.log; do kill -0 $nfcapd; sleep 0.02; done
        }
        waiting() { awk '$2 == "0100007F:1283" { split($5, queue, ":"); print queue[2] }' /proc/net/udp; }
        collected() {
            until [ "$(waiting)" = 00000000 ]; do sleep 0.02; done
            kill $nfcapd; wait $nfcapd || true
            grep -o 'Sequence Errors: .*' nfcapd.log | sort -u
            nfdump -q -R flows -N -o 'fmt:%sa %da %pr %sp %dp %pkt %byt' -6 |
                awk 'NF == 7 { key = $1 " " $2 " " $3 " " $4 " " $5; p[key] += $6; b[key] += $7 }
                    END { for (key in p) print "nfdump", key, p[key], b[key] }' | sort
        }

        """

    /// Records of one direction as `collected` prints what came of them.
    private static func expected(_ records: [JSON]) -> [String] {
        var sums: [String: [Int]] = [:]
        for record in records {
            let names = ["src_ip", "dst_ip"].map { record[$0].string ?? "" }
            let numbers = ["protocol", "src_port", "dst_port"].map { "\(record[$0].int ?? -1)" }
            let key = (["nfdump"] + names + numbers).joined(separator: " ")
            sums[key, default: [0, 0]][0] += record["packets"].int ?? 0
            sums[key, default: [0, 0]][1] += record["ip_bytes"].int ?? 0
        }
        return sums.map { "\($0.key) \($0.value[0]) \($0.value[1])" }.sorted()
    }

    @Test(.enabled(if: Collector.obstacle == nil)) func aCollectorGetsTheSameOverUDP() throws {
        let outcome = try LiveNetwork.run(
            Self.collector + """
                collector
                begin -i b0 --export ipfix://127.0.0.1:4739 --records flows.jsonl --idle-timeout 100ms --format json
                send 10.9.0.9 53 300
                spread 10.9.0.9 5353 100
                send 10.9.0.9 54 200 1000
                interrupt
                cat flows.jsonl
                collected
                exit $code
                """)
        #expect(outcome.script.code == 0, "\(outcome.script.errors) \(outcome.errors)")
        let records = try outcome.script.lines.filter { $0.hasPrefix("{") }.map { try JSON(parsing: $0) }
        #expect(records.reduce(0) { $0 + ($1["packets"].int ?? 0) } == 600)
        #expect(outcome.script.lines.filter { $0.hasPrefix("nfdump") } == Self.expected(records))
        #expect(outcome.script.lines.contains("Sequence Errors: 0, Bad Packets: 0"), "\(outcome.script.text)")
        for name in ["flow records", "flows.jsonl", "ipfix://127.0.0.1:4739"] {
            let stage = try outcome.stage(name)
            #expect(stage["balanced"].bool == true && stage["delivered"].int == stage["seen"].int, "\(name)")
        }
        #expect(try outcome.stage("flow records")["delivered"].int == 600)
    }

    /// The collector is not there at first, then goes, and comes back: what ended meanwhile waits for it, is sent once
    /// it is there, and is counted. nfcapd has no TCP, so a relay passes messages on to it.
    @Test(.enabled(if: Collector.obstacle == nil)) func aCollectorThatGoesAndComesGetsTheSameOverTCP() throws {
        let relay = """
            import socket, struct
            listener = socket.create_server(("127.0.0.1", 4740))
            out = socket.socket(type=socket.SOCK_DGRAM)
            while True:
                stream = listener.accept()[0].makefile("rb")
                while header := stream.read(16):
                    length = struct.unpack(">H", header[2:4])[0]
                    message = header + stream.read(length - 16)
                    out.sendto(message, ("127.0.0.1", 4739))
                    position = 16
                    while position < length:
                        kind, octets = struct.unpack(">HH", message[position:position + 4])
                        # One line for each record; those of IPv4 have 58 octets.
                        if kind >= 256: print("\\n" * ((octets - 4) // 58), end="", flush=True)
                        position += octets
            """
        let outcome = try LiveNetwork.run(
            Self.collector + """
                cat >relay.py <<'END'
                \(relay)
                END
                relay() { python3 relay.py >>relayed & relay=$!; }
                # A flow for each packet: source ports are the kernel's choice, and may come twice.
                flows() { for ((port = $1; port < $1 + $2; port++)); do echo >/dev/udp/10.9.0.9/$port; done; }
                lines() { until [ "$(wc -l <$1)" -ge $2 ]; do sleep 0.02; done; }
                collector
                mkfifo pipe; touch records relayed
                cat pipe >records &
                begin -i b0 --export ipfix+tcp://127.0.0.1:4740 --records pipe --idle-timeout 100ms --format json
                flows 1000 20; lines records 20
                relay; lines relayed 20
                kill -9 $relay; wait $relay || true
                flows 2000 30; lines records 50
                relay; lines relayed 50
                flows 3000 10
                interrupt
                lines relayed 60
                kill -9 $relay
                cat records
                collected
                exit $code
                """)
        #expect(outcome.script.code == 0, "\(outcome.script.errors) \(outcome.errors)")
        let records = try outcome.script.lines.filter { $0.hasPrefix("{") }.map { try JSON(parsing: $0) }
        #expect(records.count == 60)
        #expect(outcome.script.lines.filter { $0.hasPrefix("nfdump") } == Self.expected(records))
        let stage = try outcome.stage("ipfix+tcp://127.0.0.1:4740")
        #expect(stage["seen"].int == 60 && stage["delivered"].int == 60 && stage["balanced"].bool == true)
    }

    /// A rule fires, a webhook and a command hear of it, and that it is over; another one hears silence, and its end.
    @Test func alertsAreToldWhileItCaptures() throws {
        let server = """
            import http.server, json
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    alert = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                    print(alert["rule"], alert["state"], alert["items"][0].get("dst_port"), flush=True)
                    self.send_response(200)
                    self.end_headers()
                def log_message(self, *arguments): pass
            http.server.HTTPServer(("127.0.0.1", 8080), Handler).serve_forever()
            """
        let outcome = try LiveNetwork.run(
            """
            cat >server.py <<'END'
            \(server)
            END
            cat >a.yaml <<'END'
            aggregator:
              snapshot_interval: 200ms
              exact_tasks: [{name: ports, key_fields: [DstIP, DstPort]}]
            alerts:
              rules:
                - {name: heavy, task: ports, when: packets >= 20, where: dst port 53}
                - {name: silence, task: ports, when: total packets == 0 for 400ms}
              notifiers:
                - {type: webhook, url: "http://127.0.0.1:8080/"}
                - {name: script, type: command, command: [sh, told.sh]}
            END
            echo 'echo $NETSPECTRA_ALERT_RULE $NETSPECTRA_ALERT_STATE >>told' >told.sh
            touch hooks
            python3 server.py >hooks 2>server.err &
            server=$!
            until (: >/dev/tcp/127.0.0.1/8080) 2>/dev/null; do kill -0 $server; sleep 0.02; done
            begin -i b0 --config a.yaml --format ndjson
            until grep -q 'heavy firing' hooks; do send 10.9.0.9 53 40; done
            until grep -q 'heavy resolved' hooks && grep -q 'silence firing' hooks; do sleep 0.02; done
            until grep -q 'silence resolved' hooks; do send 10.9.0.9 54 1; sleep 0.02; done
            interrupt
            kill -9 $server
            sed 's/^/hook /' hooks
            sort -u told
            exit $code
            """)
        #expect(outcome.script.code == 0, "\(outcome.script.errors) \(outcome.errors)")
        let lines = outcome.script.lines
        let hooks = lines.filter { $0.hasPrefix("hook ") }
        func place(_ text: String) -> Int { hooks.firstIndex { $0.hasPrefix("hook " + text) } ?? -1 }
        #expect(hooks.contains("hook heavy firing 53") && hooks.contains("hook heavy resolved 53"), "\(hooks)")
        #expect(0 <= place("heavy firing") && place("heavy firing") < place("heavy resolved"))
        #expect(0 <= place("silence firing") && place("silence firing") < place("silence resolved"))
        for told in ["heavy firing", "heavy resolved", "silence firing", "silence resolved"] {
            #expect(lines.contains(told), "\(lines)")
        }
        // Silence is no row, and no snapshot.
        let rows = try outcome.lines.map { try JSON(parsing: $0) }
        #expect(rows.filter { $0["task"].exists && !$0["type"].exists }.allSatisfy { ($0["packets"].int ?? 0) > 0 })
        let stages = try #require(rows.last)["ledger"]["stages"].array
        let hook = try #require(stages.first { $0["stage"].string?.hasPrefix("notify webhook") ?? false }, "\(stages)")
        #expect(hook["delivered"].int == hooks.count && hook["balanced"].bool == true)
    }

    /// Whose a flow is stands in flow records, snapshot directories, the database, and what is exported.
    @Test(.enabled(if: Collector.obstacle == nil)) func processesAreInEveryOutput() throws {
        let outcome = try LiveNetwork.run(
            Self.collector + """
                collector
                # Gone by the time anybody looks: what a flow record says was learnt while it lived.
                talk() { python3 -c '
                import os, socket, sys, time
                server = socket.create_server(("127.0.0.1", 18890))
                if os.fork() == 0:
                    client = socket.create_connection(("127.0.0.1", 18890))
                    for number in range(50):
                        client.send(b"x")
                        time.sleep(0.01)
                    print("pid", os.getpid(), flush=True)
                    os._exit(0)
                accepted = server.accept()[0]
                while accepted.recv(100): pass
                accepted.close()
                os.wait()
                print("pid", os.getpid(), flush=True)
                '; }
                begin -i lo --filter 'port 18890' --key five-tuple --bidirectional --key Protocol --processes \\
                    --records flows.jsonl --export ipfix://127.0.0.1:4739 --store x.db --output data --format csv
                talk
                interrupt
                cat flows.jsonl
                "$N" query top --store x.db --by pid,comm --format ndjson | sed 's/^/query /'
                "$N" query top --store x.db --by comm
                "$N" query flow 'port 18890' --store x.db --by five-tuple,process | sed 's/^/trace /'
                "$N" show data --format ndjson | sed 's/^/show /'
                "$N" show data --format table | sed 's/^/table /'
                collected
                exit $code
                """)
        #expect(outcome.script.code == 0, "\(outcome.script.errors) \(outcome.errors)")
        let lines = outcome.script.lines
        let pids = lines.filter { $0.hasPrefix("pid ") }.compactMap { Int($0.dropFirst(4)) }.sorted()
        #expect(pids.count == 2, "\(outcome.script.text)")
        func objects(_ prefix: String) throws -> [JSON] {
            try lines.filter { $0.hasPrefix(prefix + "{") }.map { try JSON(parsing: $0.dropFirst(prefix.count)) }
        }
        func both(_ object: JSON) -> [Int] {
            [object["process"]["pid"].int, object["peer_process"]["pid"].int].compactMap(\.self).sorted()
        }
        let records = try objects("")
        #expect(!records.isEmpty && records.allSatisfy { both($0) == pids }, "\(outcome.script.text)")
        let shown = try objects("show ").filter { $0["task"].exists }
        let flows = shown.filter { $0["task"].string == "five_tuple" || $0["src_ip"].exists }
        #expect(!flows.isEmpty && flows.allSatisfy { both($0) == pids })
        #expect(shown.contains { !$0["src_ip"].exists && !$0["process"].exists })
        #expect(flows.allSatisfy { $0["process"]["comm"].string?.hasPrefix("python3") == true })
        let tables = lines.filter { line in
            line.hasPrefix("table ") && pids.allSatisfy { line.contains("\($0) python3") }
        }
        #expect(!tables.isEmpty)
        let asked = try objects("query ")
        #expect(asked.count == 1 && asked[0]["process"].string == "known", "\(outcome.script.text)")
        #expect(pids.contains(asked[0]["pid"].int ?? -1) && asked[0]["comm"].string?.hasPrefix("python3") == true)
        #expect(lines.contains { $0.hasPrefix("trace ") && $0.contains("python3") })
        let csv = outcome.output.split(separator: "\n").filter { $0.contains("18890") }
        #expect(csv.contains { $0.contains(",known,") && $0.contains("python3") })
        // What nfcapd does not know it passes over.
        let packets = records.reduce(0) { $0 + ($1["packets"].int ?? 0) + ($1["reverse_packets"].int ?? 0) }
        let collected = lines.filter { $0.hasPrefix("nfdump") }.compactMap { Int($0.split(separator: " ")[6]) }
        #expect(packets > 50 && collected.reduce(0, +) == packets)
    }
}
