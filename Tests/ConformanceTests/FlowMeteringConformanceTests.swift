import Flows
import Foundation
import Headers
import KernelIO
import Pipeline
import Testing

/// Flow records of every capture of the corpus: their sums are those of plain counting, for any timeouts.
@Suite struct FlowMeteringConformanceTests {
    private struct Sums: Equatable {
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
    }

    private struct Run {
        var records: [MeteredFlow]
        /// By the one-way key, of the records and of plain counting.
        var metered: [FlowKey: Sums] = [:]
        var counted: [FlowKey: Sums] = [:]
        var delivered: Sums

        init(_ path: String, _ settings: FlowMeterSettings, workers: Int, tunnels: TunnelMode) throws {
            let taken = Monitor([MeteredFlow]())
            let metering = FlowMetering(settings, workers: workers, tunnels: tunnels) { flows in
                taken.withLock { $0 += flows }
            }
            let aggregator = ExactAggregator(
                tasks: [FlowTask(name: "flows", fields: FlowMeter.key)], workers: workers)
            var analysis = FlowAnalysis(workers: workers, tunnels: tunnels)
            analysis.observers.append(metering)
            let (counts, last) = try analysis.run(CaptureSource(paths: [path]), into: aggregator) { _, _ in }
            metering.finish()
            records = taken.withLock { $0 }
            delivered = Sums(packets: counts.delivered.packets, bytes: counts.delivered.bytes)
            for record in records {
                var back = record.key
                back.swapEnds()
                for (key, direction) in [(record.key, record.forward), (back, record.reverse)]
                where direction.packets > 0 {
                    metered[key, default: Sums()].packets += direction.packets
                    metered[key, default: Sums()].bytes += direction.bytes
                }
            }
            var rows: [FlowRecord] = []
            let all = SnapshotBuilder().snapshot(last, time: nil).results[0].rows
            all.read(0..<all.count, into: &rows)
            for row in rows { counted[row.key] = Sums(packets: row.packets, bytes: row.bytes) }
        }
    }

    private static func settings(active: Int64, idle: Int64, flows: Int) -> FlowMeterSettings {
        var settings = FlowMeterSettings()
        (settings.activeNanoseconds, settings.idleNanoseconds, settings.flowsMax) = (active, idle, flows)
        return settings
    }

    @Test(
        .enabled(if: CaptureReadingConformanceTests.isAvailable),
        arguments: [
            settings(active: 60_000_000_000, idle: 15_000_000_000, flows: 1 << 19),
            settings(active: 1_000_000, idle: 100_000, flows: 1 << 19),
            settings(active: .max, idle: .max, flows: 3),
        ])
    func recordsSumUpToPlainCounts(settings: FlowMeterSettings) throws {
        let folder = try #require(CaptureOracle.folder)
        var records = 0, files = 0
        for oracle in try CaptureOracle.all(in: folder) {
            let path = folder.appendingPathComponent(oracle.file).path
            let tunnels = TunnelMode.allCases[files % 2]
            let alone = try Run(path, settings, workers: 1, tunnels: tunnels)
            let shared = try Run(path, settings, workers: 3, tunnels: tunnels)
            #expect(alone.metered == alone.counted, "\(oracle.file)")
            #expect(alone.records == shared.records, "\(oracle.file)")
            #expect(alone.records.reduce(0) { $0 + $1.totalPackets } == alone.delivered.packets, "\(oracle.file)")
            #expect(alone.records.allSatisfy { $0.totalIPBytes > 0 }, "\(oracle.file)")
            records += alone.records.count
            files += 1
        }
        print("\(records) flow records of \(files) captures sum up to plain counts")
        #expect(files > 120 && records > 2_000)
    }
}
