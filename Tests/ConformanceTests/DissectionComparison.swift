import CaptureTestSupport
import Headers

/// One capture's packets and flows as the dissector gives them, beside the oracle's.
struct DissectionComparison {
    /// By packet number: what differs, in words.
    private(set) var differences: [Int: String] = [:]
    private var flowsOuter: [DissectionOracle.Tuple: DissectionOracle.Totals] = [:]
    private var flowsInner: [DissectionOracle.Tuple: DissectionOracle.Totals] = [:]
    private var nonIP = DissectionOracle.Totals()

    init(_ octets: [UInt8], _ oracle: DissectionOracle) {
        let capture = ParsedCapture(octets)
        if capture.frames.count != oracle.packets.count {
            differences[0] = "\(capture.frames.count) frames, not \(oracle.packets.count)"
        }
        for (record, packet) in zip(capture.frames, oracle.packets) {
            let frame = octets.span.extracting(record.fileOffset..<record.fileOffset + Int(record.capturedLength))
            for mode in TunnelMode.allCases {
                let dissection = Dissector(tunnels: mode).dissect(
                    frame, linkType: LinkType(rawValue: record.linkType), time: record.time,
                    wireLength: record.wireLength)
                compare(dissection, mode, packet, oracle)
            }
        }
    }

    private mutating func compare(
        _ dissection: Dissection, _ mode: TunnelMode, _ packet: DissectionOracle.Packet, _ oracle: DissectionOracle
    ) {
        let found = dissection.outcome == .flow ? DissectionOracle.Tuple(dissection.info) : nil
        let expected = (mode == .outer ? packet.outer : packet.inner).map { oracle.tuples[$0] }
        if found != expected {
            differences[packet.number] = """
                packet \(packet.number) \(mode): \(found?.description ?? "none"), \
                not \(expected?.description ?? "none") (\(packet.stack.map { oracle.stacks[$0] } ?? ""); \
                \(dissection.path.layers) \
                \(dissection.stopped?.description ?? ""))
                """
        }
        // tshark clips lengths to 31 bits.
        let bytes = UInt64(min(dissection.info.wireLength, UInt32(Int32.max)))
        switch (found, mode) {
        case (let tuple?, .outer): flowsOuter[tuple, default: DissectionOracle.Totals()].add(bytes)
        case (let tuple?, .inner): flowsInner[tuple, default: DissectionOracle.Totals()].add(bytes)
        case (nil, .outer): nonIP.add(bytes)
        case (nil, .inner): break
        }
    }

    /// Flows that differ in number, packets or bytes.
    func flowComplaints(_ oracle: DissectionOracle) -> [String] {
        var complaints: [String] = []
        if nonIP != oracle.nonIP { complaints.append("without IP \(nonIP), not \(oracle.nonIP)") }
        for (found, expected) in [(flowsOuter, oracle.flowsOuter), (flowsInner, oracle.flowsInner)] {
            if found.count != expected.count { complaints.append("\(found.count) flows, not \(expected.count)") }
            for flow in expected where found[flow.tuple] != flow.counts {
                complaints.append("\(flow.tuple): \(String(describing: found[flow.tuple])), not \(flow.counts)")
            }
        }
        return complaints
    }
}

extension DissectionOracle.Tuple {
    init(_ info: PacketInfo) {
        self.init(
            source: info.source.description, destination: info.destination.description,
            protocolNumber: Int(info.protocol.rawValue), sourcePort: Int(info.sourcePort),
            destinationPort: Int(info.destinationPort))
    }
}

extension DissectionOracle.Totals {
    mutating func add(_ bytes: UInt64) {
        packets += 1
        self.bytes += bytes
    }
}
