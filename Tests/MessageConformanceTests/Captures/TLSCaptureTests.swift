import Cryptography
import Events
import Foundation
import KernelIO
import Octets
import Pipeline
import TLS
import Testing

/// Encrypted captures with their keys, beside what tshark decrypts of them: the folder that NETSPECTRA_CORPUS_TLS
/// names.
@Suite struct TLSCaptureTests {
    private static let folder = ProcessInfo.processInfo.environment["NETSPECTRA_CORPUS_TLS"].map {
        URL(fileURLWithPath: $0)
    }

    private struct Capture {
        var path: String
        var keys = KeyLog()
        var oracle: [String: Any]
    }

    private static func captures() throws -> [Capture] {
        let folder = try #require(folder)
        let ending = ".expected.json"
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().compactMap { name in
            guard name.hasSuffix(ending) else { return nil }
            let data = try Data(contentsOf: folder.appendingPathComponent(name))
            guard let root = try JSONSerialization.jsonObject(with: data) as? [String: Any] else { return nil }
            var capture = Capture(
                path: folder.appendingPathComponent(String(name.dropLast(ending.count))).path, oracle: root)
            if let keyLog = root["keylog"] as? String {
                let octets = [UInt8](try Data(contentsOf: folder.appendingPathComponent(keyLog)))
                capture.keys.append(octets.span)
                capture.keys.finish()
            }
            return capture
        }
    }

    @Test(.enabled(if: folder != nil, "NETSPECTRA_CORPUS_TLS is not set"))
    func requestsAndResponsesAreThoseOfTheOracle() throws {
        var compared = 0
        for capture in try Self.captures() {
            let oracle = MessageOracle(capture.path, capture.oracle["http"] as? [String: Any] ?? [:])
            let comparison = try MessageComparison(oracle, capture: capture.path, keys: capture.keys)
            compared += comparison.compared
            #expect(comparison.differences == [], "\(capture.path)")
            // Seven responses without a length, of connections whose ends the capture lacks: tshark shows data.
            let incomplete = capture.path.hasSuffix("tls12-chacha20poly1305.pcap") ? 7 : 0
            #expect(comparison.incompleteOnlyHere == incomplete, "\(capture.path)")
        }
        print("compared \(compared) decrypted messages")
        #expect(compared >= 27)
    }

    @Test(.enabled(if: folder != nil, "NETSPECTRA_CORPUS_TLS is not set"))
    func everyOctetIsThatOfTheOracle() throws {
        var streams = 0
        for capture in try Self.captures() {
            let entrance = PlaintextByStream()
            let source = CaptureSource(paths: [capture.path], keepsSecrets: true)
            let outcome = CaptureMessages(keys: capture.keys).run(source, into: entrance)
            #expect(outcome.tls.isBalanced && outcome.streams.isBalanced)
            let expected = (capture.oracle["decrypted_streams"] as? [[String: Any]] ?? []).map { row in
                Set(["node0_sha256", "node1_sha256"].compactMap { row[$0] as? String })
            }
            let given = entrance.plaintext.withLock { $0 }
            let digests = Set(given.values.map { Set($0.values.map(Self.digest)) })
            #expect(digests == Set(expected), "\(capture.path)")
            #expect(outcome.tls.decryptedConnections == UInt64(expected.count), "\(capture.path)")
            streams += expected.count
        }
        #expect(streams >= 16)
    }

    /// One of the key logs gives a connection's pre-master secret besides: it is enough.
    @Test(.enabled(if: folder != nil, "NETSPECTRA_CORPUS_TLS is not set"))
    func aPreMasterSecretIsEnough() throws {
        let name = "pcapFS__tls1-aes128-cbc-file_e_large.pcap"
        let folder = try #require(Self.folder)
        let text = try String(contentsOf: folder.appendingPathComponent(name + ".keylog"), encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("RSA ") })
        var keys = KeyLog()
        keys.append(Array(line.utf8).span)
        keys.finish()
        let capture = try #require(try Self.captures().first { $0.path.hasSuffix(name) })
        let oracle = MessageOracle(capture.path, capture.oracle["http"] as? [String: Any] ?? [:])
        let comparison = try MessageComparison(oracle, capture: capture.path, keys: keys)
        #expect(comparison.differences == [] && comparison.compared > 0)
    }

    @Test(.enabled(if: folder != nil, "NETSPECTRA_CORPUS_TLS is not set"))
    func withoutKeysNothingIsShownAndConnectionsAreListed() throws {
        for capture in try Self.captures() where capture.oracle["keylog"] as? String != nil {
            let entrance = PlaintextByStream()
            let source = CaptureSource(paths: [capture.path], keepsSecrets: true)
            let outcome = CaptureMessages().run(source, into: entrance)
            #expect(outcome.tls.isBalanced)
            #expect(entrance.plaintext.withLock { $0 }.isEmpty)
            let listed = entrance.summaries.withLock { $0 }
            #expect(listed.count == (capture.oracle["tcp_streams_with_tls"] as? [Int])?.count)
            #expect(listed.allSatisfy { $0.cause == .noKey && $0.ja3?.count == 32 && $0.ja4?.count == 36 })
        }
    }

    private static func digest(_ octets: [UInt8]) -> String {
        let digest = SHA256Digest()
        digest.update(octets.span)
        let octets = digest.finish()
        var text = OctetBuffer()
        text.append(hexadecimal: octets.span)
        return text.description
    }
}

/// Keeps what comes out of each connection, by direction.
private final class PlaintextByStream: EventEntrance {
    let plaintext = Monitor<[UInt64: [Direction: [UInt8]]]>([:])
    let summaries = Monitor<[TLSSummary]>([])

    func write(_ head: EventHead, _ payload: Span<UInt8>) -> EventProcessor.Answer {
        var octets: [UInt8] = []
        octets.append(contentsOf: payload)
        switch head.kind {
        case .data: plaintext.withLock { $0[head.sock, default: [:]][head.direction, default: []] += octets }
        case .tls:
            let summary = TLSSummary(encoded: payload)
            summaries.withLock { $0.append(summary) }
        default: break
        }
        return .accepted
    }
}
