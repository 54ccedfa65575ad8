import Foundation

/// What other programs say about the HTTP and WebSocket traffic of a capture: `oracle/<file>.http.json` of the corpus
/// that NETSPECTRA_CORPUS names (see ORACLE.md there).
struct MessageOracle {
    static let folder = ProcessInfo.processInfo.environment["NETSPECTRA_CORPUS"].map { URL(fileURLWithPath: $0) }

    let file: String
    /// By direction, each in order: see `OracleMessage`.
    private(set) var http1: [String: [OracleMessage]] = [:]
    /// Header lists and bodies by direction and stream.
    private(set) var http2: [String: OracleStream] = [:]
    /// Messages, of whatever number of frames, by direction.
    private(set) var webSocket: [String: [String]] = [:]
    /// These captures have IP in IP, and the oracle names the outer addresses beside the inner ports: so only ports
    /// are compared.
    let comparesPortsOnly: Bool

    private static let tunnelled = ["deepflow__common_decapsulate_erspan1.pcap", "dpkt__nb6-http.pcap"]

    static func all(in folder: URL) throws -> [MessageOracle] {
        let oracles = folder.appendingPathComponent("oracle")
        return try FileManager.default.contentsOfDirectory(atPath: oracles.path).sorted().compactMap { name in
            guard name.hasSuffix(".http.json") else { return nil }
            let data = try Data(contentsOf: oracles.appendingPathComponent(name))
            guard let root = try JSONSerialization.jsonObject(with: data) as? [String: Any] else { return nil }
            return MessageOracle(String(name.dropLast(".http.json".count)), root)
        }
    }

    /// - Parameter root: what stands in the oracle's file, or under `http` in those of encrypted captures.
    init(_ file: String, _ root: [String: Any]) {
        self.file = file
        comparesPortsOnly = Self.tunnelled.contains(file)
        // Rows of other kinds are data without a head: no message of HTTP.
        for row in root["http1"] as? [[String: Any]] ?? []
        where [nil, "request", "response"].contains(row["kind"] as? String) {
            http1[direction(row), default: []].append(OracleMessage(row))
        }
        let streams = (root["http2"] as? [String: Any])?["streams"] as? [[String: Any]] ?? []
        for stream in streams {
            for row in stream["directions"] as? [[String: Any]] ?? [] {
                http2["\(direction(row)) stream \(stream["stream_id"] as? Int ?? 0)"] = OracleStream(row)
            }
        }
        var fragments: [String: (opcode: Int, frames: Int, octets: Int)] = [:]
        for row in root["websocket"] as? [[String: Any]] ?? [] {
            let key = direction(row)
            let (opcode, octets) = (row["opcode"] as? Int ?? 0, row["payload_len"] as? Int ?? 0)
            var message =
                opcode == 0
                ? fragments[key] ?? (opcode: 0, frames: 0, octets: 0) : (opcode: opcode, frames: 0, octets: 0)
            message.frames += 1
            message.octets += octets
            if row["fin"] as? String == "1" {
                if opcode == 0 { fragments[key] = nil }
                webSocket[key, default: []].append(
                    Self.webSocket(opcode: message.opcode, frames: message.frames, octets: message.octets))
            } else {
                fragments[key] = message
            }
        }
    }

    static func webSocket(opcode: Int, frames: Int, octets: Int) -> String {
        "opcode \(opcode), \(frames) frames, \(octets) octets"
    }

    private func direction(_ row: [String: Any]) -> String {
        direction(
            row["src"] as? String ?? "", row["sport"] as? Int ?? 0, row["dst"] as? String ?? "",
            row["dport"] as? Int ?? 0)
    }

    /// A direction's name, the sender first.
    func direction(_ source: String, _ sourcePort: Int, _ destination: String, _ destinationPort: Int) -> String {
        comparesPortsOnly
            ? "\(sourcePort) > \(destinationPort)"
            : "\(source) \(sourcePort) > \(destination) \(destinationPort)"
    }
}

/// A request or response as both sides tell it.
struct OracleMessage: Equatable {
    /// Method and target, or status.
    var start = ""
    var version = ""
    /// `nil`: not counted.
    var headerCount: Int?
    var decodedLength = 0
    /// Empty for an empty body.
    var digest = ""

    init() {}

    fileprivate init(_ row: [String: Any]) {
        if let status = row["status"] as? Int {
            start = "\(status)"
        } else {
            start = "\(row["method"] as? String ?? "") \(row["uri"] as? String ?? "")"
        }
        version = row["version"] as? String ?? ""
        let headers = row["headers"] as? Int ?? 0
        // tshark does not list the lines of some messages; there are none without any field in the corpus.
        headerCount = headers == 0 ? nil : headers
        decodedLength = row["decoded_body_len"] as? Int ?? 0
        digest = decodedLength == 0 ? "" : row["decoded_body_sha256"] as? String ?? ""
    }

    static func == (a: Self, b: Self) -> Bool {
        let countsAgree = a.headerCount == b.headerCount || a.headerCount == nil || b.headerCount == nil
        return a.start == b.start && a.version == b.version && countsAgree && a.decodedLength == b.decodedLength
            && a.digest == b.digest
    }
}

/// One direction of an HTTP/2 stream.
struct OracleStream: Equatable {
    /// Of all header blocks, in order: `name: value`.
    var fields: [String] = []
    var bodyLength = 0
    /// Of the decoded body, or of one that is not coded; empty for an empty body.
    var digest = ""

    init() {}

    fileprivate init(_ row: [String: Any]) {
        for block in row["header_blocks"] as? [[String: Any]] ?? [] {
            fields += (block["headers"] as? [[String]] ?? []).map { "\($0[0]): \($0[1])" }
        }
        bodyLength = row["body_len"] as? Int ?? 0
        digest = bodyLength == 0 ? "" : (row["decoded_body_sha256"] ?? row["body_sha256"]) as? String ?? ""
    }
}
