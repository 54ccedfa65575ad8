import AppProtocols
import MessageTestSupport
import Octets
import Outputs
import Testing

@Suite struct TransactionTableTests {
    static func line(_ transaction: Transaction, width: Int? = nil) -> String {
        var buffer = OctetBuffer()
        TransactionTable(width: width).append(transaction, SampleMessages.info, to: &buffer)
        return buffer.description
    }

    @Test func alignsLinesUnderTheHeading() {
        var heading = OctetBuffer()
        TransactionTable().appendHeading(to: &heading)
        var call = SampleMessages.transaction
        call.kind = .grpc
        call.method = Array("POST".utf8)
        call.target = Array("/a.B/C".utf8)
        call.grpcStatus = 5
        call.responseTime = 0
        call.isComplete = false
        #expect(
            heading.description + Self.line(SampleMessages.transaction) + Self.line(call) == """
                METHOD   STATUS    LATENCY    REQUEST   RESPONSE  HOST AND PATH
                GET         200    12.3 ms        0 B    16.4 kB  example.com/index.html?item=1
                POST      200/5          -        0 B    16.4 kB… example.com/a.B/C

                """)
    }

    @Test func fitsTheTerminalAndDrivesItNot() {
        var transaction = SampleMessages.transaction
        transaction.target = Array(("/" + String(repeating: "long/", count: 100) + "end\u{1B}[2J").utf8)
        transaction.method = Array("A\u{7}VERYLONGMETHOD".utf8)
        let line = Self.line(transaction, width: 80)
        #expect(line.unicodeScalars.count == 81)
        #expect(line.hasSuffix("end\\x1b[2J\n"))
        #expect(!line.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }
}
