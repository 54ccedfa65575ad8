import AppProtocols
import Headers
import Pipeline
import Streams
import TLS

/// A capture's messages beside those of its oracle.
struct MessageComparison {
    private(set) var compared = 0
    /// A line for each thing that differs.
    private(set) var differences: [String] = []
    /// Messages that are shown incomplete here and not at all there: octets of them are missing in the capture.
    private(set) var incompleteOnlyHere = 0

    /// - Parameter keys: secrets of TLS connections, besides those in the capture.
    init(_ oracle: MessageOracle, capture path: String, keys: KeyLog = KeyLog()) throws {
        // tshark follows whatever TCP it comes upon.
        var streams = StreamSettings()
        streams.tunnels = .inner
        let result = try PipelineResult { settings in
            settings.parser.digestsBodies = true
        } feed: { processor in
            let source = CaptureSource(paths: [path], keepsSecrets: true)
            _ = CaptureMessages(streams: streams, keys: keys).run(source, into: processor)
            return nil
        }
        if !result.counts.isBalanced { differences.append("the counts do not add up") }
        let directions = Dictionary(grouping: result.messages) { message in
            oracle.direction(
                "\(message.base.source)", Int(message.base.sourcePort), "\(message.base.destination)",
                Int(message.base.destinationPort))
        }
        compareHTTP1(oracle, directions)
        compareHTTP2(oracle, directions)
        compareWebSocket(oracle, directions)
    }

    private mutating func compareHTTP1(_ oracle: MessageOracle, _ directions: [String: [ShownMessage]]) {
        for key in Set(directions.keys).union(oracle.http1.keys).sorted() {
            let ours = (directions[key] ?? []).filter { $0.kind == .http1Request || $0.kind == .http1Response }
            var theirs = (oracle.http1[key] ?? [])[...]
            for message in ours {
                let told = OracleMessage(message)
                if let next = theirs.first, next == told {
                    theirs.removeFirst()
                    compared += 1
                } else if !message.isComplete {
                    incompleteOnlyHere += 1
                } else {
                    differences.append("\(key): only here \(told.text)")
                }
            }
            for message in theirs { differences.append("\(key): not here \(message.text)") }
        }
    }

    private mutating func compareHTTP2(_ oracle: MessageOracle, _ directions: [String: [ShownMessage]]) {
        var ours: [String: OracleStream] = [:]
        for (key, messages) in directions {
            for message in messages where message.kind == .http2Request || message.kind == .http2Response {
                ours["\(key) stream \(message.message.streamID)", default: OracleStream()].add(message)
            }
        }
        for key in Set(ours.keys).union(oracle.http2.keys).sorted() {
            guard let here = ours[key], let there = oracle.http2[key] else {
                differences.append("\(key): only \(ours[key] == nil ? "there" : "here")")
                continue
            }
            compared += 1
            if here.fields != there.fields { differences.append("\(key): header fields") }
            if here.bodyLength != there.bodyLength { differences.append("\(key): body length \(here.bodyLength)") }
            if here.digest != there.digest { differences.append("\(key): body") }
        }
    }

    private mutating func compareWebSocket(_ oracle: MessageOracle, _ directions: [String: [ShownMessage]]) {
        for key in Set(directions.keys).union(oracle.webSocket.keys).sorted() {
            let ours = (directions[key] ?? []).filter { $0.kind == .webSocket }.map { shown in
                MessageOracle.webSocket(
                    opcode: Int(shown.message.code), frames: Int(shown.message.flags),
                    octets: Int(shown.message.body.length))
            }
            let theirs = oracle.webSocket[key] ?? []
            compared += theirs.count
            for change in theirs.difference(from: ours) {
                switch change {
                case .insert(_, let element, _): differences.append("\(key): not here \(element)")
                case .remove(_, let element, _): differences.append("\(key): only here \(element)")
                }
            }
        }
    }
}

extension OracleMessage {
    fileprivate init(_ shown: ShownMessage) {
        self.init()
        start = shown.kind == .http1Request ? "\(shown.method) \(shown.target)" : "\(shown.status)"
        version = "HTTP/\(shown.message.version / 10).\(shown.message.version % 10)"
        headerCount = shown.message.headers.fields.count
        decodedLength = Int(shown.message.body.decodedLength)
        digest = decodedLength == 0 ? "" : shown.message.body.digest.hexadecimal
    }

    fileprivate var text: String {
        "\(start) \(version), \(headerCount.map { "\($0)" } ?? "?") fields, \(decodedLength) octets \(digest.prefix(8))"
    }
}

extension OracleStream {
    fileprivate mutating func add(_ shown: ShownMessage) {
        fields += shown.headers + shown.trailers
        bodyLength += Int(shown.message.body.length)
        digest = bodyLength == 0 ? "" : shown.message.body.digest.hexadecimal
    }
}

extension [UInt8] {
    fileprivate var hexadecimal: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
