import CaptureFiles
import CaptureTestSupport
import CompressionTestSupport
import Flows
import Foundation
import IPFIX
import PacketTestSupport

/// Writes inputs for the fuzzers to start from: `WriteSeeds DIRECTORY` makes a folder per fuzzer in it.
@main
struct WriteSeeds {
    static func main() throws {
        guard CommandLine.arguments.count == 2 else {
            FileHandle.standardError.write(Data("usage: WriteSeeds DIRECTORY\n".utf8))
            exit(2)
        }
        let directory = URL(fileURLWithPath: CommandLine.arguments[1])
        let captures = captures.merging(TLSSeeds.captures) { $1 }
        try write(captures, to: directory.appendingPathComponent("FuzzCaptureParser"))
        for (choice, name) in ["copied", "filtered", "secrets", "stripped", "anonymised"].enumerated() {
            let edits = captures.map { (name + "-" + $0, [UInt8((1 << choice) >> 1)] + $1) }
            try write(
                Dictionary(uniqueKeysWithValues: edits), to: directory.appendingPathComponent("FuzzEdit"))
        }
        try write(TLSSeeds.handshakes, to: directory.appendingPathComponent("FuzzHandshake"))
        try write(TLSSeeds.keyLogs, to: directory.appendingPathComponent("FuzzKeyLog"))
        try write(flowFiles, to: directory.appendingPathComponent("FuzzIPFIX"))
        try write(flowMessages, to: directory.appendingPathComponent("FuzzFlowMessages"))
        try write(frames, to: directory.appendingPathComponent("FuzzDissector"))
        try write(filters, to: directory.appendingPathComponent("FuzzFilter"))
        try write(alertRules, to: directory.appendingPathComponent("FuzzAlertRule"))
        try write(EventSeeds.records, to: directory.appendingPathComponent("FuzzEvents"))
        try write(EventSeeds.recordings, to: directory.appendingPathComponent("FuzzRecording"))
        try write(bodies, to: directory.appendingPathComponent("FuzzContentCodings"))
        try write(httpMessages, to: directory.appendingPathComponent("FuzzHTTP1"))
        try write(webSocketFrames, to: directory.appendingPathComponent("FuzzWebSocket"))
        try write(ConnectionSeeds.http2, to: directory.appendingPathComponent("FuzzHTTP2"))
        try write(ConnectionSeeds.headerBlocks, to: directory.appendingPathComponent("FuzzHPACK"))
        try write(ConnectionSeeds.conversations, to: directory.appendingPathComponent("FuzzConversation"))
        try write(ConnectionSeeds.segments, to: directory.appendingPathComponent("FuzzStreams"))
        try write(SocketSeeds.records, to: directory.appendingPathComponent("FuzzSockets"))
    }

    static func write(_ seeds: [String: [UInt8]], to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, octets) in seeds { try Data(octets).write(to: folder.appendingPathComponent(name)) }
    }

    /// Rules of every kind with every clause, and a template.
    static var alertRules: [String: [UInt8]] {
        let texts = [
            "threshold": "bytes/s > 10MB clear 8MB for 30s by SrcIP/24, DstPort",
            "change": "total packets changes >= 50% above 1k over 10 snapshots clear 20%",
            "new": "new key after 10m within 2d by SrcIP above 5MiB", "top": "top 10 packets changes by DstPort",
            "template": "{\"text\": \"{{summary}}\", \"raw\": {{ json }}}",
        ]
        return texts.mapValues { Array($0.utf8) }
    }

    /// Behind an octet that chooses direction and cuts.
    static var httpMessages: [String: [UInt8]] {
        let chunked = "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nTrailer: t\r\n\r\n"
        let texts = [
            "get": "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
            "post": "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.0\r\n\r\n",
            "chunked": "HTTP/1.1 200 OK\r\n" + chunked + "HTTP/1.1 204 No\r\n\r\n",
            "upgrade": "HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n",
            "damaged": "GET / HTTP/1.1\r\n\r\n\u{1}x\nxHTTP/1.1 100 C\r\n\r\n",
        ]
        return texts.mapValues { [9] + Array($0.utf8) }
    }

    static var webSocketFrames: [String: [UInt8]] {
        [
            "text": [3, 0x81, 5, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0x89, 0],
            "fragments": [1, 0x01, 1, 0x61, 0x8A, 0, 0x80, 0x81, 1, 2, 3, 4, 0x63],
            "close": [2, 0x88, 2, 3, 0xE8],
        ]
    }

    static var captures: [String: [UInt8]] {
        var seeds: [String: [UInt8]] = [:]
        for order in [ByteOrder.littleEndian, .bigEndian] {
            for fraction in [SecondFraction.microseconds, .nanoseconds] {
                seeds["pcap-\(order)-\(fraction)"] = WrittenCapture.pcap(order, fraction, count: 3).octets
            }
            var modified = WrittenCapture.pcap(order, .microseconds, count: 3).octets
            modified.replaceSubrange(
                0..<4, with: order == .bigEndian ? [0xA1, 0xB2, 0xCD, 0x34] : [0x34, 0xCD, 0xB2, 0xA1])
            seeds["modified-\(order)"] = modified
            seeds["pcapng-\(order)"] = WrittenCapture.pcapng(order, skippedOctets: 8).octets
        }
        return seeds
    }

    /// Small `.dat` files: whole addresses, prefixes in both directions with an `other` row, no key at all.
    static var flowFiles: [String: [UInt8]] {
        let prefix = AddressPrefix(v4: 24, v6: 48)
        let tasks = [
            FlowTask(name: "five", fields: .fiveTuple),
            FlowTask(
                name: "nets", fields: KeyFields(source: prefix, destination: prefix, vlan: true), bidirectional: true),
            FlowTask(name: "total", fields: KeyFields()), FlowTask(name: "processes", fields: .fiveTuple),
        ]
        var seeds: [String: [UInt8]] = [:]
        for task in tasks {
            let processes = [
                FlowProcess(pid: 80, uid: 33, comm: "nginx", cgroup: "/a"), FlowProcess(pid: 1, comm: ""),
            ]
            var encoder = IPFIXEncoder(
                task: task, domain: 1, time: 1_700_000_000_000_000_001,
                processes: task.name == "processes" ? ProcessNumbers(processes) : nil)
            let hasAddresses = task.fields.source != nil
            for (index, family) in [UInt64(4), 6].enumerated() {
                let key = FlowKey(
                    sourceHigh: 0, sourceLow: 0, destinationHigh: 0, destinationLow: 0, meta: hasAddresses ? family : 0)
                let row = FlowRecord(
                    key: key, packets: 1, bytes: 60, firstSeen: index == 0 ? 0 : .min, lastSeen: 1, tcpFlags: 2)
                let pair = ProcessPair(local: UInt32(index + 1), peer: UInt32(2 * index))
                precondition(encoder.append(row, process: pair), "two rows fit")
                if task.bidirectional, index == 1 { _ = encoder.append(other: row, evictedFlows: 2) }
            }
            _ = encoder.appendEnd()
            encoder.closeMessage()
            let message = encoder.message
            seeds[task.name] = message.indices.map { message[$0] }
        }
        return seeds
    }

    /// Messages to a collector, of both kinds, with flows of both families.
    static var flowMessages: [String: [UInt8]] {
        var seeds: [String: [UInt8]] = [:]
        for directions in FlowDirections.allCases {
            var encoder = FlowMessageEncoder(directions: directions, domain: 1)
            encoder.openMessage(at: 1_700_000_000_000_000_000, withTemplates: true)
            for family in [UInt64(4), 6, 4] {
                var direction = FlowDirection()
                direction.packets = 2
                let key = FlowKey(
                    sourceHigh: 0, sourceLow: 1, destinationHigh: 0, destinationLow: 2, meta: 443 << 48 | family)
                let flow = MeteredFlow(key: key, forward: direction, reverse: direction, endReason: .idle)
                precondition(encoder.append(flow), "three flows fit")
            }
            encoder.closeMessage()
            let message = encoder.message
            seeds[directions.rawValue] = message.indices.map { message[$0] }
        }
        return seeds
    }

    /// Expressions that use every construct of the filter language.
    static var filters: [String: [UInt8]] {
        let expressions = [
            "src_ip == 10.0.0.0/8 and dst_port in {80, 443, 8000-9000}", "tcp_flags has {syn, ack} or length > 0x5dc",
            "not (protocol == udp || vlan != 7) && captured_length <= 96", "dst_ip not in {2001:db8::/32, ::1}",
            "src host 10.0.0.1 or 10.0.0.2", "tcp port 80 or https", "src and dst net 192.168 mask 255.255.0.0",
            "ip proto \\tcp and portrange 1-1024", "vlan 7 and less 100", "port (80 or 443) and greater 60",
            "ip6 or icmp6",
        ]
        return Dictionary(uniqueKeysWithValues: expressions.enumerated().map { ("\($0)", Array($1.utf8)) })
    }

    /// The first octet chooses the coding, in the order of `BodyCoding`.
    static var bodies: [String: [UInt8]] {
        let text = Array("every packet, every message, every packet\n".utf8)
        var deflater = MessageDeflater()
        return [
            "gzip": [0] + gzip(text), "members": [0] + gzip(text) + gzip(text),
            "zlib": [1] + deflate(text, isBare: false),
            "bare": [1] + deflate(text, isBare: true), "brotli": [2] + brotli(text),
            "zstd": [3] + zstd(text) + skippable([1]) + zstd(text), "message": [4] + deflater.message(text),
        ]
    }

    /// The first octet chooses the link type from the samples' list.
    static var frames: [String: [UInt8]] {
        var seeds: [String: [UInt8]] = [:]
        for sample in SampleFrame.all {
            let index = SampleFrame.linkTypes.firstIndex(of: sample.linkType) ?? 0
            seeds[sample.name] = [UInt8(index)] + sample.octets
        }
        return seeds
    }
}
