import Outputs
import TestSupport
import Testing

@Suite struct ReportTests {
    @Test(arguments: [("plain", 0), ("80", 80), ("colour", 100)]) func theReportEqualsItsGolden(
        name: String, width: Int
    ) throws {
        let report = ReportText(width: width == 0 ? nil : width, style: name == "colour" ? .coloured : .plain)
        let text = report.text(Fixtures.report)
        let expected = try Golden.expectation("report/\(name).txt", current: Array(text.utf8))
        #expect(text == String(decoding: expected, as: UTF8.self))
        if width > 0, name != "colour" {
            #expect(text.split(separator: "\n").allSatisfy { $0.unicodeScalars.count <= width || $0.contains("(") })
        }
    }

    @Test func namesFromOutsideCannotMoveTheCursor() {
        let text = ReportText().text(Fixtures.report)
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }

    @Test func aLedgerThatDoesNotAddUpSaysSo() {
        // What is only noted does not make up for anything.
        let stage = LedgerReport.Stage(
            name: "read", unit: "packets", seen: 10, delivered: 9, noted: [.init("later fragment", 1)])
        let ledger = LedgerReport(stages: [stage])
        #expect(!ledger.isBalanced)
        #expect(ReportText().ledger(ledger).contains("do not add up"))
        var json = JSONText()
        ledger.append(to: &json)
        #expect(
            json.text == """
                {"balanced":false,"stages":[{"stage":"read","unit":"packets","seen":10,"delivered":9,"filtered":{},\
                "lost":{},"in_flight":0,"balanced":false,"noted":{"later fragment":1}}]}
                """)
    }

    @Test func anEmptyCaptureHasAReport() {
        let capture = CaptureSummary(
            files: [], firstTime: nil, lastTime: nil, packets: 0, bytes: 0, capturedBytes: 0)
        let report = AnalysisReport(capture: capture)
        #expect(ReportText().text(report) == "Capture\n  Packets   0\n  Bytes     0 B\n")
        #expect(
            ReportJSON.summary(report) == """
                {"type":"summary","capture":{"files":[],"duration":0,"packets":0,"bytes":0,"captured_bytes":0},\
                "protocols":[],"ledger":{"balanced":true,"stages":[]},\
                "problems":[],"notes":[]}
                """)
    }

    @Test func coloursNeedATerminal() {
        #expect(!Style.detect(descriptor: -1) { _ in nil }.isEnabled)
    }
}
