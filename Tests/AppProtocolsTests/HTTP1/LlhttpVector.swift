import AppProtocols
import Events
import Foundation

/// A case of llhttp's test suite: octets, and the log of what its parser found in them.
struct LlhttpVector: Decodable, Sendable {
    struct Meta: Decodable, Sendable { var type: String? }
    struct Expected: Equatable {
        var method = "", target = ""
        var status: UInt16 = 0
        /// Trailers included, blanks and line ends left out.
        var fields: [[String]] = []
        var body = ""
        var isComplete = false
    }

    var id: String
    var meta: Meta
    var kind: String
    var input_hex: String
    var expected_log: [String]
    var expect_error: Bool

    var isResponse: Bool { meta.type?.hasPrefix("response") == true }
    var input: [UInt8] { Self.octets(hex: input_hex) }

    static func octets(hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).map {
            UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16) ?? 0
        }
    }

    static let folder = ProcessInfo.processInfo.environment["NETSPECTRA_VECTORS"].map { URL(fileURLWithPath: $0) }

    static func all() -> [LlhttpVector] {
        guard let folder = folder?.appendingPathComponent("llhttp"),
            let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        else { return [] }
        let paths = files.compactMap { $0 as? URL }.filter { $0.pathExtension == "json" }
        return paths.sorted { $0.path < $1.path }.flatMap { path in
            let data = (try? Data(contentsOf: path)) ?? Data()
            return (try? JSONDecoder().decode([LlhttpVector].self, from: data)) ?? []
        }
    }

    /// What the log says, message by message, up to an error.
    var expected: [Expected] {
        var messages: [Expected] = []
        var hasHead: [Bool] = []
        var name = "", value = "", hasName = false
        let input = input
        func flush() {
            guard hasName else { return }
            messages[messages.count - 1].fields.append([Self.squeezed(name), value])
            (name, value, hasName) = ("", "", false)
        }
        for line in expected_log {
            if line.hasSuffix("message begin") {
                messages.append(Expected())
                hasHead.append(false)
            } else if line.contains("message complete") {
                flush()
                messages[messages.count - 1].isComplete = true
            } else if line.contains("headers complete") {
                flush()
                hasHead[hasHead.count - 1] = true
                if let status = Self.number(line, "status=") { messages[messages.count - 1].status = UInt16(status) }
            } else if let span = Self.span(line, input) {
                switch span.kind {
                case "method": messages[messages.count - 1].method += span.text
                case "url": messages[messages.count - 1].target += span.text
                case "body": messages[messages.count - 1].body += span.text
                case "header_field":
                    if !value.isEmpty { flush() }
                    name += span.text
                    hasName = true
                case "header_value": value += Self.squeezed(span.text)
                default: break
                }
            } else if line.contains("header_value complete") {
                flush()
            }
        }
        return zip(messages, hasHead).filter { $1 }.map { $0.0 }
    }

    private static func number(_ line: String, _ key: String) -> Int? {
        guard let range = line.range(of: key) else { return nil }
        return Int(line[range.upperBound...].prefix { $0.isNumber })
    }

    private static func span(_ line: String, _ input: [UInt8]) -> (kind: String, text: String)? {
        guard let open = line.range(of: "span["),
            let close = line.range(of: "]", range: open.upperBound..<line.endIndex),
            let offset = number(line, "off="), let count = number(line, "len="), offset + count <= input.count
        else { return nil }
        let text = String(decoding: input[offset..<(offset + count)], as: UTF8.self)
        return (String(line[open.upperBound..<close.lowerBound]), text)
    }

    static func squeezed(_ text: String) -> String {
        String(decoding: text.utf8.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }, as: UTF8.self)
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        meta = try container.decode(Meta.self, forKey: .meta)
        kind = try container.decode(String.self, forKey: .kind)
        input_hex = try container.decode(String.self, forKey: .input_hex)
        expected_log = try container.decodeIfPresent([String].self, forKey: .expected_log) ?? []
        expect_error = try container.decodeIfPresent(Bool.self, forKey: .expect_error) ?? false
    }

    private enum CodingKeys: String, CodingKey { case id, meta, kind, input_hex, expected_log, expect_error }
}

extension LlhttpVector.Expected {
    init(_ message: SeenMessage) {
        method = message.method
        target = message.target
        status = message.status
        fields = (message.fields + message.trailers).map { [$0[0], LlhttpVector.squeezed($0[1])] }
        body = message.bodyText
        isComplete = !message.notes.contains(.endNotSeen)
    }

    /// Of a message whose end llhttp did not see, since its input ended and was not closed as ours is.
    func agrees(upTo seen: Self) -> Bool {
        var ended = self
        ended.isComplete = seen.isComplete
        return ended == seen
    }
}
