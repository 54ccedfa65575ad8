import AppProtocols
import Events
import Octets
import Pipeline
import Testing

/// A descriptor without a known socket may belong to another connection after a silence.
@Suite struct DescriptorReuseTests {
    private func kinds(_ events: [(head: EventHead, octets: [UInt8])]) throws -> [String] {
        let written = Written()
        let processor = try EventProcessor(
            EventProcessor.Settings(registry: .standard), makeTools: { NoBodyTools() },
            makeRenderer: { KindRenderer() }, output: { written.append($0) })
        for (head, octets) in events { #expect(processor.write(head, octets.span) == .accepted) }
        #expect(processor.close().counts.isBalanced)
        return written.lines
    }

    private let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
    /// HEADERS of stream 1: `:method: GET`, `:scheme: http`, `:path: /` (static table entries 2, 6, 4), END_STREAM.
    private let headers: [UInt8] = [0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84]
    private let request = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)

    @Test func anotherProtocolMayBeginAfterASilence() throws {
        #expect(
            try kinds([
                (.at(0, pid: 1), request), (.at(5_000, pid: 1), preface + headers), (.at(15_000, pid: 1), request),
            ]) == ["http1Request", "http2Request", "http1Request"])
    }

    @Test func aSecondPrefaceBeginsAConnectionWithEmptyTables() throws {
        #expect(
            try kinds([(.at(0, pid: 1), preface + headers), (.at(5_000, pid: 1), preface + headers)])
                == ["http2Request", "http2Request"])
    }
}

/// Shows the kind of each message.
private final class KindRenderer: MessageRenderer {
    func append(_ message: borrowing Message, of base: BaseInfo, to output: inout OctetBuffer) {
        output.append("\(message.kind)\n")
    }
    func append(_ transaction: borrowing Transaction, of base: BaseInfo, to output: inout OctetBuffer) {}
    func append(text: Span<UInt8>, of base: BaseInfo, to output: inout OctetBuffer) {}
}
