import Events
import Flows
import Headers
import Sockets
import Testing

@testable import Outputs

/// What `top` shows, without a terminal and without a network.
@Suite struct TopTests {
    private static let (alice, bob) = (IPAddress(v4: 0x0A00_0001), IPAddress(v4: 0x0A00_0002))
    private static let ssh = SocketOwner(pid: 22, started: 1, cgroup: 7, comm: CommandName(Array("sshd".utf8)))
    private static let web = SocketOwner(pid: 80, started: 2, comm: CommandName(Array("nginx".utf8)))

    private static func row(
        _ source: IPAddress, _ sourcePort: UInt16, _ destination: IPAddress, _ destinationPort: UInt16,
        protocol: UInt8 = 6, bytes: UInt64, reverse: UInt64 = 0, at time: Int64 = 1
    ) -> FlowRecord {
        FlowRecord(
            key: FlowKey(
                sourceHigh: source.high, sourceLow: source.low, destinationHigh: destination.high,
                destinationLow: destination.low,
                meta: FlowKey.meta(
                    sourcePort: sourcePort, destinationPort: destinationPort, vlan: 0, protocol: `protocol`,
                    family: source.family.rawValue)),
            packets: bytes / 100, bytes: bytes, reversePackets: reverse / 100, reverseBytes: reverse, lastSeen: time)
    }

    private static func add(
        _ rows: [FlowRecord], to traffic: inout TopTraffic, time: Int64 = 1_000_000_000,
        owners: (FlowRecord) -> FlowOwners = { _ in FlowOwners() }
    ) {
        traffic.add(
            rows, bytes: rows.reduce(0) { $0 + $1.totalBytes }, packets: rows.reduce(0) { $0 + $1.totalPackets },
            flowCount: UInt64(rows.count), time: time, nanoseconds: 1_000_000_000, owners: owners,
            path: { $0 == 7 ? "/system.slice/ssh.service" : nil })
    }

    /// Alice asks bob's ssh for much, and his web server for little; something else talks to itself.
    private static var sample: TopTraffic {
        var traffic = TopTraffic()
        add(
            [
                row(alice, 5000, bob, 22, bytes: 1_000, reverse: 9_000), row(alice, 5001, bob, 80, bytes: 500),
                row(bob, 9, bob, 9, protocol: 17, bytes: 100),
            ], to: &traffic
        ) { row in
            switch row.key.destinationPort {
            case 22: FlowOwners(destination: .known(ssh))
            case 80: FlowOwners(source: .known(web), destination: .known(web))
            default: FlowOwners(source: .ambiguous)
            }
        }
        return traffic
    }

    private static func texts(_ traffic: TopTraffic, _ view: TopView, by order: TopOrder = .rate) -> [[String]] {
        traffic.rows(view, by: order).map { row in
            view.columns.map { row.text($0.content, interval: traffic.interval) }
        }
    }

    @Test func eachViewCountsTheSamePackets() {
        let traffic = Self.sample
        #expect(
            Self.texts(traffic, .flows)
                == [
                    ["80 kbit", "8 kbit", "72 kbit", "100", "10 kB", "TCP", "10.0.0.1:5000", "10.0.0.2:22", "22 sshd"],
                    ["4 kbit", "4 kbit", "0 bit", "5", "500 B", "TCP", "10.0.0.1:5001", "10.0.0.2:80", "80 nginx"],
                    ["800 bit", "800 bit", "0 bit", "1", "100 B", "UDP", "10.0.0.2:9", "10.0.0.2:9", "several"],
                ].map { $0.map(Self.unified) })
        #expect(
            traffic.rows(.talkers).map(\.counts.bytesOut) == [9_100, 1_500]
                || traffic.rows(.talkers).map(\.counts.bytesOut) == [1_500, 9_100])
        // Who talks to himself is counted once.
        #expect(traffic.talkers.entries[Self.bob]?.bytes == 10_600)
        let processes = traffic.rows(.processes)
        #expect(processes.map(\.subject.process) == ["22 sshd", "80 nginx", "unknown"])
        #expect(processes.map(\.counts.bytesOut) == [9_000, 500, 100] && processes[1].counts.bytesIn == 0)
        #expect(processes[0].subject.group == "/system.slice/ssh.service")
        #expect(traffic.rows(.protocols).map(\.subject.port) == ["22 ssh", "80 http", "9 discard"])
        #expect(traffic.sums.bytes == 10_600 && traffic.sums.flows == 3)
    }

    /// Three digits, as `HumanUnits` has them.
    private static func unified(_ text: String) -> String {
        let units = [
            "80 kbit": "80.0 kbit", "8 kbit": "8.00 kbit", "72 kbit": "72.0 kbit", "4 kbit": "4.00 kbit",
            "10 kB": "10.0 kB",
        ]
        return units[text] ?? text
    }

    @Test func ratesAreOfTheLastIntervalAndTotalsOfAll() {
        var traffic = Self.sample
        Self.add([Self.row(Self.alice, 5000, Self.bob, 22, bytes: 300)], to: &traffic)
        let rows = traffic.rows(.flows, by: .total)
        #expect(rows.map(\.counts.bytes) == [300, 0, 0] && rows.map(\.counts.totalBytes) == [10_300, 500, 100])
        // A process that was known stays known, though its socket is not any more.
        #expect(rows[0].subject.process == "22 sshd")
        #expect(traffic.sums.bytes == 300 && traffic.sums.totalBytes == 10_900)
    }

    @Test func rowsStandInAnyOrder() {
        let traffic = Self.sample
        for view in TopView.allCases {
            for order in view.orders {
                let rows = traffic.rows(view, by: order).map(\.subject)
                let reversed = traffic.rows(view, by: order, isReversed: true).map(\.subject)
                #expect(Set(rows) == Set(reversed) && rows.count == reversed.count)
            }
        }
        #expect(traffic.rows(.processes, by: .name).map(\.subject.process) == ["unknown", "80 nginx", "22 sshd"])
        #expect(traffic.rows(.flows, filter: "NGINX").count == 1 && traffic.rows(.flows, filter: "udp").count == 1)
        #expect(traffic.rows(.flows, filter: "10.0.0").count == 3 && traffic.rows(.flows, filter: "zzz").isEmpty)
    }

    @Test func itsMemoryIsBounded() {
        var traffic = TopTraffic()
        for turn in 0..<4 {
            let rows = (0..<15_000).map { index in
                Self.row(IPAddress(v4: UInt32(turn * 15_000 + index)), 1, Self.bob, 2, bytes: 100, at: Int64(turn))
            }
            Self.add(rows, to: &traffic, time: Int64(turn))
            #expect(traffic.flows.entries.count <= 2 * TopTraffic.entriesMax)
            // The latest ones are there.
            #expect(traffic.flows.entries[rows[0].key] != nil)
        }
        #expect(traffic.sums.totalBytes == 4 * 15_000 * 100)
    }

    // MARK: - The screen

    /// A frame's lines without colours.
    private static func lines(_ frame: [UInt8]) -> [String] {
        let text = String(decoding: frame, as: UTF8.self)
        return text.split(separator: "\r\n", omittingEmptySubsequences: false).map { line in
            var plain = ""
            var rest = line[...]
            while let start = rest.firstIndex(of: "\u{1B}") {
                plain += rest[..<start]
                rest = rest[start...].dropFirst(2)
                let end = rest.firstIndex { $0.isLetter } ?? rest.endIndex
                rest = end == rest.endIndex ? rest[end...] : rest[rest.index(after: end)...]
            }
            return plain + rest
        }
    }

    @Test(arguments: TopView.allCases, [1, 10, 40, 79, 80, 81, 100, 132, 300])
    func noLineIsWiderThanTheTerminal(view: TopView, columns: Int) {
        var traffic = Self.sample
        let long = IPAddress(v6: 0x2001_0DB8_1111_2222, 0x3333_4444_5555_6666)
        Self.add([Self.row(long, 50_000, long, 443, bytes: 123_456_789_012)], to: &traffic) { _ in
            FlowOwners(source: .known(SocketOwner(pid: 4_194_304, comm: CommandName(Array("a-long-name-\u{7}x".utf8)))))
        }
        for lines in [1, 4, 5, 24] {
            var screen = TopScreen(title: "an interface", view: view, style: .coloured)
            screen.notes = ["no processes: there is a reason, and it is quite long as reasons are"]
            let frame = Self.lines(screen.frame(traffic, columns: columns, lines: lines))
            #expect(frame.count == lines)
            #expect(frame.allSatisfy { $0.unicodeScalars.count <= columns }, "\(frame)")
            screen.press(.character("h"), traffic)
            let help = Self.lines(screen.frame(traffic, columns: columns, lines: lines))
            #expect(help.count <= lines && help.allSatisfy { $0.unicodeScalars.count <= columns })
        }
    }

    @Test func at80ColumnsNothingOfIPv4IsCut() {
        var screen = TopScreen(title: "eth0")
        let frame = Self.lines(screen.frame(Self.sample, columns: 80, lines: 8))
        #expect(frame[2].hasPrefix("     ▾RATE"))
        #expect(frame[3].contains("80.0 kbit") && frame[3].contains("10.0.0.1:5000") && frame[3].contains("22 sshd"))
        #expect(frame[5].contains("several"))
    }

    @Test func keysChooseWhatIsShown() {
        let traffic = Self.sample
        var screen = TopScreen(title: "eth0")
        func press(_ text: String) { for key in TopKey.keys(in: Array(text.utf8)) { screen.press(key, traffic) } }
        press("p")
        #expect(screen.view == .processes && screen.order == .rate)
        press("s\u{1B}[C")
        #expect(screen.order == .in)
        press("\u{1B}[D")
        #expect(screen.order == .out)
        press("r")
        #expect(screen.isReversed)
        press("/ngq\u{7F}inx\r")
        #expect(screen.filter == "nginx" && !screen.isDone)
        #expect(Self.lines(screen.frame(traffic, columns: 80, lines: 24))[1].contains("only 'nginx'"))
        press("\u{1B}")
        #expect(screen.filter.isEmpty)
        press("t")
        #expect(screen.view == .talkers)
        press("o")
        #expect(screen.view == .protocols)
        press("hq")
        #expect(!screen.isDone)
        press("q")
        #expect(screen.isDone)
    }

    @Test func aPausedScreenStaysAsItIs() {
        var traffic = Self.sample
        var screen = TopScreen(title: "eth0")
        screen.press(.character(" "), traffic)
        let before = screen.frame(traffic, columns: 80, lines: 24)
        Self.add([Self.row(Self.alice, 1, Self.bob, 2, bytes: 1_000_000)], to: &traffic)
        #expect(screen.frame(traffic, columns: 80, lines: 24) == before)
        screen.press(.character(" "), traffic)
        #expect(screen.frame(traffic, columns: 80, lines: 24) != before)
    }

    @Test func rowsBeyondTheScreenCanBeReached() {
        var traffic = TopTraffic()
        Self.add(
            (0..<50).map { Self.row(Self.alice, 1_000 + UInt16($0), Self.bob, 2, bytes: 100 * UInt64(50 - $0)) },
            to: &traffic)
        var screen = TopScreen(title: "eth0")
        func firstRow() -> String { Self.lines(screen.frame(traffic, columns: 80, lines: 14))[3] }
        #expect(firstRow().contains(":1000 "))
        screen.press(.down, traffic)
        #expect(firstRow().contains(":1001 "))
        screen.press(.pageDown, traffic)
        #expect(firstRow().contains(":1011 "))
        screen.press(.end, traffic)
        #expect(firstRow().contains(":1040 "))
        screen.press(.home, traffic)
        #expect(firstRow().contains(":1000 "))
    }

    @Test func anythingMayBeTyped() {
        let traffic = Self.sample
        var screen = TopScreen(title: "eth0")
        for length in 1...4 {
            for first in 0...255 as ClosedRange<UInt8> {
                let octets = [first] + (1..<length).map { UInt8(truncatingIfNeeded: Int(first) &* 31 &* $0 &+ length) }
                for key in TopKey.keys(in: octets) { screen.press(key, traffic) }
                let frame = Self.lines(screen.frame(traffic, columns: 80, lines: 24))
                #expect(frame.allSatisfy { $0.unicodeScalars.count <= 80 })
            }
        }
        #expect(
            TopKey.keys(in: Array("ä€\u{1B}[5~\u{1B}".utf8)) == [.character("ä"), .character("€"), .pageUp, .escape])
    }

    // MARK: - Printed

    @Test func aPrintedTableAndLines() {
        var printer = TopPrinter(title: "eth0", width: 100)
        printer.processNote = "no privileges"
        let lines = printer.table(Self.sample).split(separator: "\n").map(String.init)
        #expect(lines.count == 6)
        #expect(lines[0] == "00:00:01  84.8 kbit/s  106 pkt/s  3 flows  10.6 kB in all  eth0")
        #expect(lines[1] == "processes are not known: no privileges")
        let json = printer.lines(Self.sample).split(separator: "\n").map(String.init)
        #expect(json.count == 3)
        #expect(json[0].contains(#""process":{"pid":22,"comm":"sshd","uid":0}"#))
        #expect(json[2].contains(#""process":null,"process_unknown":"several""#))
    }
}
