import Flows
import Headers
import Outputs
import TestSupport

/// Tasks, snapshots and a report with known content, for goldens and readers.
enum Fixtures {
    /// 2024-02-29T23:59:58.000000001Z
    static let time: Int64 = 1_709_251_198_000_000_001

    static func key(
        _ source: IPAddress, _ destination: IPAddress, _ ports: (UInt16, UInt16) = (0, 0), protocol: UInt8 = 0,
        vlan: UInt16 = 0
    ) -> FlowKey {
        FlowKey(
            sourceHigh: source.high, sourceLow: source.low, destinationHigh: destination.high,
            destinationLow: destination.low,
            meta: FlowKey.meta(
                sourcePort: ports.0, destinationPort: ports.1, vlan: vlan, protocol: `protocol`,
                family: source.family == .none ? destination.family.rawValue : source.family.rawValue))
    }

    static let server = IPAddress(v6: 0x2001_0db8_0000_0000, 0x443)
    static let client = IPAddress(v6: 0x2001_0db8_0000_0001, 0xfeed_0000_0000_0001)

    /// Two IPv4 flows and one IPv6 flow, both directions apart.
    static let fiveTuple = FlowSamples.result(
        FlowTask(name: "five_tuple", fields: .fiveTuple),
        [
            FlowRecord(
                key: key(IPAddress(v4: 0x0A00_0001), IPAddress(v4: 0x5DB8_D822), (51_234, 443), protocol: 6),
                packets: 1200, bytes: 1_543_210, firstSeen: time, lastSeen: time + 12_500_000_000, tcpFlags: 0x1B),
            FlowRecord(
                key: key(client, server, (40_000, 53), protocol: 17), packets: 2, bytes: 180,
                firstSeen: time + 1, lastSeen: time + 1),
            FlowRecord(
                key: key(IPAddress(v4: 0xC0A8_0001), IPAddress(v4: 0xC0A8_00FF), protocol: 1),
                packets: 1, bytes: 98, firstSeen: -1, lastSeen: 0),
        ])

    /// Networks with VLANs, both directions in a row, flows evicted, and a name that every format has to escape.
    static let networks = FlowSamples.result(
        FlowTask(
            name: "net \"a\", b\n",
            fields: KeyFields(
                source: AddressPrefix(v4: 24, v6: 48), destination: AddressPrefix(v4: 24, v6: 48), vlan: true),
            bidirectional: true),
        [
            FlowRecord(
                key: key(IPAddress(v4: 0x0A00_0000), IPAddress(v4: 0x5DB8_D800), vlan: 4094), packets: 10, bytes: 1000,
                reversePackets: 20, reverseBytes: 20_000, firstSeen: time, lastSeen: time + 1_000_000_000,
                tcpFlags: 0x02, reverseTCPFlags: 0x12),
            FlowRecord(
                key: key(IPAddress(v6: 0x2001_0db8_0001_0000, 0), IPAddress(v6: 0x2001_0db8_0002_0000, 0)), packets: 1,
                bytes: 70, firstSeen: time, lastSeen: time),
        ],
        other: FlowRecord(
            key: key(.none, .none), packets: 7, bytes: 700, reversePackets: 3, reverseBytes: 300, firstSeen: time - 5,
            lastSeen: time + 5, tcpFlags: 0x10, reverseTCPFlags: 0x04), evictedFlows: 6)

    /// One row for everything: a key without fields.
    static let total = FlowSamples.result(
        FlowTask(name: "total", fields: KeyFields()),
        [FlowRecord(key: key(.none, .none), packets: 1203, bytes: 1_543_488, firstSeen: time, lastSeen: time)])

    static let snapshot = Snapshot(time: time, results: [fiveTuple, networks, total])

    static let report = AnalysisReport(
        capture: CaptureSummary(
            files: [
                CaptureFileSummary(
                    name: "office.pcapng", format: "pcapng", linkTypes: ["Ethernet"], bytes: 482_133, packets: 1200),
                CaptureFileSummary(
                    name: "old\u{1B}[31m.pcap.gz", format: "pcap.gz", linkTypes: ["Ethernet", "raw IP"], bytes: nil,
                    packets: 34),
            ],
            firstTime: time, lastTime: time + 83_000_000_000, packets: 1234, bytes: 1_548_000, capturedBytes: 118_464),
        hierarchy: [
            ProtocolNode(
                name: "Ethernet", packets: 1234, bytes: 1_548_000,
                children: [
                    ProtocolNode(name: "ARP", packets: 4, bytes: 240),
                    ProtocolNode(
                        name: "IPv4", packets: 1230, bytes: 1_547_760,
                        children: [
                            ProtocolNode(name: "TCP", packets: 1200, bytes: 1_543_210),
                            ProtocolNode(name: "UDP", packets: 30, bytes: 4550),
                        ]),
                ])
        ],
        talkers: [
            Talker(
                address: IPAddress(v4: 0x0A00_0001), sentPackets: 1200, sentBytes: 1_543_210, receivedPackets: 20,
                receivedBytes: 4000),
            Talker(address: server, sentPackets: 0, sentBytes: 0, receivedPackets: 2, receivedBytes: 180),
        ], talkerCount: 23,
        topFlows: TopFlows(
            task: fiveTuple.task, rows: (try? rows(fiveTuple)) ?? [], flowCount: 1234, totalBytes: 1_548_000),
        services: [
            ServiceShare(protocol: 6, port: 443, flows: 12, packets: 1200, bytes: 1_543_210),
            ServiceShare(protocol: 17, port: 53, flows: 8, packets: 30, bytes: 4550),
            ServiceShare(protocol: 6, port: 4711, flows: 1, packets: 1, bytes: 60),
            ServiceShare(protocol: 1, port: nil, flows: 1, packets: 1, bytes: 98),
        ], serviceCount: 15,
        ledger: LedgerReport(stages: [
            LedgerReport.Stage(
                name: "capture", unit: "packets", seen: 1236, delivered: 1234, lost: [.init("damaged record", 2)]),
            LedgerReport.Stage(
                name: "dissect", unit: "packets", seen: 1234, delivered: 1230,
                filtered: [.init("not IP", 4), .init("unknown link type", 0)]),
        ]),
        problems: ["old.pcap.gz: octet 4711: the record claims 4294967295 octets"])

    static func rows(_ result: TaskResult) throws -> [FlowRecord] {
        var rows: [FlowRecord] = []
        result.rows.read(0..<result.rows.count, into: &rows)
        return rows
    }
}
