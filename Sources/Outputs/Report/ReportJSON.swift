import Flows
import Headers

/// The report as one JSON object of `type: summary`, on one line.
public enum ReportJSON {
    public static func summary(_ report: AnalysisReport) -> String {
        var json = JSONText()
        json.object { json in
            json.member("type", "summary")
            json.name("capture")
            append(report.capture, to: &json)
            json.name("protocols")
            json.array(report.hierarchy) { json, node in append(node, to: &json) }
            // Without these tables the run counted by other keys, which says nothing about addresses and services.
            if !report.talkers.isEmpty {
                json.member("addresses", report.talkerCount)
                json.name("talkers")
                json.array(report.talkers) { json, talker in append(talker, to: &json) }
            }
            if !report.services.isEmpty {
                json.member("service_count", report.serviceCount)
                json.name("services")
                json.array(report.services) { json, service in append(service, to: &json) }
            }
            if let tls = report.tls {
                json.member("tls_connections", tls.connections)
                json.member("tls_kinds", tls.shareCount)
                json.name("tls")
                json.array(tls.shares) { json, share in share.append(to: &json) }
            }
            if let flows = report.topFlows { json.member("flows", flows.flowCount) }
            json.name("ledger")
            report.ledger.append(to: &json)
            json.name("problems")
            json.array(report.problems) { $0.string($1) }
            json.name("notes")
            json.array(report.notes) { $0.string($1) }
        }
        return json.text
    }

    private static func append(_ capture: CaptureSummary, to json: inout JSONText) {
        json.object { json in
            json.name("files")
            json.array(capture.files) { json, file in append(file, to: &json) }
            if let first = capture.firstTime { json.member("first_packet", first) }
            if let last = capture.lastTime { json.member("last_packet", last) }
            json.member("duration", capture.durationNanoseconds)
            json.member("packets", capture.packets)
            json.member("bytes", capture.bytes)
            json.member("captured_bytes", capture.capturedBytes)
            if let rate = capture.bitsPerSecond { json.member("bits_per_second", rate) }
            if let rate = capture.packetsPerSecond { json.member("packets_per_second", rate) }
            if let average = capture.averagePacketBytes { json.member("average_packet_bytes", average) }
        }
    }

    private static func append(_ file: CaptureFileSummary, to json: inout JSONText) {
        json.object { json in
            json.member("name", file.name)
            json.member("format", file.format)
            json.name("link_types")
            json.array(file.linkTypes) { $0.string($1) }
            if let bytes = file.bytes { json.member("file_bytes", bytes) }
            json.member("packets", file.packets)
        }
    }

    private static func append(_ node: ProtocolNode, to json: inout JSONText) {
        json.object { json in
            json.member("name", node.name)
            json.member("packets", node.packets)
            json.member("bytes", node.bytes)
            guard !node.children.isEmpty else { return }
            json.name("children")
            json.array(node.children) { json, child in append(child, to: &json) }
        }
    }

    private static func append(_ talker: Talker, to json: inout JSONText) {
        json.object { json in
            json.member("ip", talker.address.description)
            json.member("sent_packets", talker.sentPackets)
            json.member("sent_bytes", talker.sentBytes)
            json.member("received_packets", talker.receivedPackets)
            json.member("received_bytes", talker.receivedBytes)
        }
    }

    private static func append(_ service: ServiceShare, to json: inout JSONText) {
        json.object { json in
            json.member("protocol", service.protocol)
            if let port = service.port {
                json.member("port", port)
                if let name = ServiceNames.name(port, protocol: service.protocol) { json.member("name", name) }
            }
            json.member("flows", service.flows)
            json.member("packets", service.packets)
            json.member("bytes", service.bytes)
        }
    }
}
