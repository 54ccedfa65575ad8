import Flows
import Foundation
import Headers
import Pipeline
import Testing

/// The whole engine over every capture of the corpus: flows, totals and times as the oracles have them.
@Suite struct AnalysisConformanceTests {
    @Test(.enabled(if: CaptureReadingConformanceTests.isAvailable), arguments: TunnelMode.allCases)
    func analyzesTheCorpusAsOtherReadersDo(tunnels: TunnelMode) throws {
        let folder = try #require(CaptureOracle.folder)
        var compared = (files: 0, flows: 0)
        for oracle in try CaptureOracle.all(in: folder) {
            let path = folder.appendingPathComponent(oracle.file).path
            let alone = try Analysis(path, tunnels: tunnels, workers: 1)
            let shared = try Analysis(path, tunnels: tunnels, workers: 3)
            #expect(alone.flows == shared.flows && alone.totals == shared.totals, "\(oracle.file)")
            // Where frames are read or dissected otherwise, the other tests say how.
            if CaptureReadingConformanceTests.differences[oracle.file] != nil { continue }
            expectTotals(alone, oracle)
            guard DissectionDifferences.known[oracle.file] == nil, !oracle.isRefusedByTshark else { continue }
            compared.flows += try expectFlows(alone, oracle, in: folder, tunnels)
            compared.files += 1
        }
        print("\(compared.files) captures with \(compared.flows) flows analyzed as the oracles say, \(tunnels)")
        #expect(compared.files > 120 && compared.flows > 2_500)
    }

    /// What one run of the engine gave.
    private struct Analysis {
        struct Totals: Equatable {
            var packets: UInt64
            var octets: UInt64
            var withoutFlow: DissectionOracle.Totals
            var first: Int64?
            var last: Int64?
        }

        var flows: [DissectionOracle.Tuple: DissectionOracle.Totals] = [:]
        var totals: Totals

        init(_ path: String, tunnels: TunnelMode, workers: Int) throws {
            let aggregator = ExactAggregator(
                tasks: [FlowTask(name: "flows", fields: .fiveTuple)], workers: workers)
            let (counts, last) = try FlowAnalysis(workers: workers, tunnels: tunnels)
                .run(CaptureSource(paths: [path]), into: aggregator) { _, _ in }
            var withoutFlow = DissectionOracle.Totals()
            for count in counts.undelivered.values {
                withoutFlow.packets += count.packets
                withoutFlow.bytes += count.bytes
            }
            totals = Totals(
                packets: counts.seen.packets, octets: counts.seen.bytes, withoutFlow: withoutFlow,
                first: counts.firstTime, last: counts.lastTime)
            let rows = SnapshotBuilder().snapshot(last, time: nil).results[0].rows
            var records: [FlowRecord] = []
            rows.read(0..<rows.count, into: &records)
            for record in records {
                flows[DissectionOracle.Tuple(record.key)] = DissectionOracle.Totals(
                    packets: record.packets, bytes: record.bytes)
            }
        }
    }

    private func expectTotals(_ analysis: Analysis, _ oracle: CaptureOracle) {
        #expect(analysis.totals.packets == UInt64(oracle.packetCount ?? 0), "\(oracle.file)")
        if let octets = oracle.originalOctets, !oracle.isOriginalClipped {
            #expect(analysis.totals.octets == UInt64(octets), "\(oracle.file)")
        }
        let times = oracle.packets.compactMap(\.time).filter { $0 != 0 }
        guard oracle.oddTimes.isEmpty, !oracle.isRefusedByTshark else { return }
        #expect(analysis.totals.first == times.min() && analysis.totals.last == times.max(), "\(oracle.file)")
    }

    /// The number of flows compared.
    private func expectFlows(
        _ analysis: Analysis, _ capture: CaptureOracle, in folder: URL, _ tunnels: TunnelMode
    ) throws -> Int {
        let oracle = try DissectionOracle(of: capture.file, in: folder)
        // tshark clips lengths to 31 bits; sums of them say nothing.
        let isClipped = capture.packets.contains { $0.wireLength == Int(Int32.max) }
        let flows = tunnels == .outer ? oracle.flowsOuter : oracle.flowsInner
        #expect(analysis.flows.count == flows.count, "\(capture.file)")
        for flow in flows {
            let found = analysis.flows[flow.tuple]
            #expect(found?.packets == flow.counts.packets, "\(capture.file): \(flow.tuple)")
            if !isClipped { #expect(found?.bytes == flow.counts.bytes, "\(capture.file): \(flow.tuple)") }
        }
        #expect(analysis.totals.withoutFlow.packets == oracle.nonIP.packets, "\(capture.file)")
        if !isClipped { #expect(analysis.totals.withoutFlow.bytes == oracle.nonIP.bytes, "\(capture.file)") }
        return flows.count
    }
}

extension DissectionOracle {
    /// The oracle beside a capture of the corpus.
    fileprivate init(of file: String, in folder: URL) throws {
        let json = folder.appendingPathComponent("oracle").appendingPathComponent(file + ".json")
        let isPlain = FileManager.default.fileExists(atPath: json.path)
        try self.init(json: CaptureOracle.contents(isPlain ? json : json.appendingPathExtension("gz")))
    }
}

extension DissectionOracle.Tuple {
    fileprivate init(_ key: FlowKey) {
        self.init(
            source: key.source.description, destination: key.destination.description,
            protocolNumber: Int(key.protocol), sourcePort: Int(key.sourcePort),
            destinationPort: Int(key.destinationPort))
    }
}
