import Foundation
import Testing

@Suite struct CaseListTests {
    /// `case02PipelinedRequests` of `02_pipelined_requests`.
    private static func testName(_ recording: String) -> String {
        "case" + recording.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    @Test(.enabled(if: RecordedCase.folder != nil, "NETSPECTRA_CASES is not set"))
    func everyRecordingHasATestOfItsName() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let sources = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .map { try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }.joined()
        #expect(RecordedCase.names.count >= 49)
        for name in RecordedCase.names {
            #expect(sources.contains("func \(Self.testName(name))()"), "\(name)")
            #expect(sources.contains("\"\(name)\""), "\(name)")
        }
    }
}
