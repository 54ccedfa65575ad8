import AppProtocols
import Events
import Foundation
import Testing

/// The vectors of llhttp and http-garden, where `NETSPECTRA_VECTORS` names their folder.
///
/// llhttp serves: it refuses. We watch: what it accepts (strictly or leniently) we must show just so; what it refuses
/// we show as far as it can be read, and must say that something is wrong. docs/conformance.md argues each exception.
struct HTTP1VectorTests {
    /// Cases that are shown otherwise than llhttp does.
    static let otherwise: Set = [
        "request/content-length:444", "request/content-length:519", "request/invalid:568",
        "request/lenient-headers:109", "request/method:372", "request/method:430", "response/sample:40",
        "response/sample:60", "request/transfer-encoding:530", "request/transfer-encoding:680",
    ]
    /// Cases that llhttp refuses and in which nothing is wrong for who watches.
    static let nothingToSay: Set = [
        "request/connection:81", "request/connection:679", "request/method:62",
        "request/uri:188", "request/transfer-encoding:328", "request/uri:148", "response/invalid:195",
    ]

    @Test(.enabled(if: LlhttpVector.folder != nil)) func llhttp() {
        let vectors = LlhttpVector.all().filter { $0.kind == "http" }
        #expect(vectors.count == 160)
        for vector in vectors {
            let dialogue = Dialogue()
            let direction: Direction = vector.isResponse ? .received : .sent
            dialogue.say(direction, vector.input)
            let held = dialogue.unconsumed(direction)
            dialogue.pause(.closed)
            let seen = dialogue.messages.filter { $0.kind != .raw }
            let expected = vector.expected
            let agree = zip(expected, seen.map(LlhttpVector.Expected.init)).allSatisfy { expected, seen in
                expected.isComplete ? expected == seen : vector.expectError || expected.agrees(upTo: seen)
            }
            let agrees = agree && (vector.expectError || expected.count == seen.count)
            #expect(
                agrees != Self.otherwise.contains(vector.id),
                "\(vector.id) \(vector.expectedLog.last ?? "")\nexpected \(expected)\nseen \(dialogue.messages)")
            guard vector.expectError else { continue }
            let says =
                !held.isEmpty || !dialogue.counted.isEmpty || !dialogue.outcomes.isEmpty
                || seen.contains { !$0.notes.isEmpty }
            #expect(
                says != Self.nothingToSay.contains(vector.id),
                "\(vector.id) \(vector.expectedLog.last ?? ""): \(dialogue.messages)")
        }
    }

    /// Payloads that at least one server misreads.
    struct Payload: Decodable {
        var id: String
        var octets: String

        private enum CodingKeys: String, CodingKey {
            case id
            case octets = "payload_hex"
        }
    }

    /// Payloads that are read here as the standard has it, though some server does not.
    static let readAsTheStandardHasIt: Set = ["Server Bugs:7", "Server Bugs:41"]

    @Test(.enabled(if: LlhttpVector.folder != nil)) func httpGarden() throws {
        let folder = try #require(LlhttpVector.folder)
        let data = try Data(contentsOf: folder.appendingPathComponent("http-garden/payloads.json"))
        let payloads = try JSONDecoder().decode([Payload].self, from: data)
        #expect(payloads.count == 47)
        for payload in payloads {
            let octets = LlhttpVector.octets(hex: payload.octets)
            let dialogue = Dialogue()
            dialogue.say(.sent, octets)
            let held = dialogue.unconsumed(.sent)
            dialogue.pause(.closed)
            let says = !held.isEmpty || !dialogue.counted.isEmpty || dialogue.messages.contains { !$0.notes.isEmpty }
            #expect(
                says != Self.readAsTheStandardHasIt.contains(payload.id),
                "\(payload.id) \(String(decoding: octets, as: UTF8.self).debugDescription) \(dialogue.messages)")
        }
    }
}
