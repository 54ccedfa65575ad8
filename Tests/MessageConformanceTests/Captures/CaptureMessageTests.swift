import Foundation
import Testing

/// Every HTTP request and response, header list, body and WebSocket message of the captures that have an oracle for
/// them. docs/conformance.md says why something differs.
@Suite struct CaptureMessageTests {
    /// What differs, by capture: a line that appears or vanishes fails the test.
    private static let differences = [
        "suricata-verify__http-evader_http-evader-350_input.pcap": [
            "8.8.8.8 80 > 1.1.1.1 21139: only here 200 HTTP/1.1, 6 fields, 70 octets 032aee4a",
            "8.8.8.8 80 > 1.1.1.1 21139: not here 200 HTTP/1.1, 6 fields, 68 octets 275a021b",
        ],
        "zeek__websocket_oversized-close-frame.pcapng": [
            "10.0.0.2 80 > 10.0.0.1 40081: not here opcode 8, 1 frames, 258 octets"
        ],
    ]

    /// Messages shown incomplete here that tshark does not show, by capture.
    private static let incompleteOnlyHere = [
        "deepflow__common_decapsulate_erspan1.pcap": 6,
        "nDPI__netflix.pcap": 87,
        "suricata-verify__http-body-inspect_http-aptget-ids-02-s2.pcap": 1,
    ]

    @Test(.enabled(if: MessageOracle.folder != nil, "NETSPECTRA_CORPUS is not set"))
    func messagesAgree() throws {
        let folder = try #require(MessageOracle.folder)
        var captures = 0
        var compared = 0
        for oracle in try MessageOracle.all(in: folder) {
            let path = folder.appendingPathComponent(oracle.file).path
            let comparison = try MessageComparison(oracle, capture: path)
            captures += 1
            compared += comparison.compared
            #expect(comparison.differences == Self.differences[oracle.file] ?? [], "\(oracle.file)")
            #expect(comparison.incompleteOnlyHere == Self.incompleteOnlyHere[oracle.file] ?? 0, "\(oracle.file)")
        }
        print("compared \(compared) messages of \(captures) captures")
        #expect(captures >= 31)
    }
}
