import Flows

/// A row of the table `snapshots`.
struct SnapshotRecord: Equatable {
    var id: UInt64
    var run: StoredRun
    var number: UInt64
    var time: Int64
    var level: SnapshotLevel
    var results: [StoredResult]
    /// Which result a token belongs to, and the tokens.
    var tokenTasks: [UInt32] = []
    var tokens: [UInt64] = []
    var replaced: [UInt64] = []
    /// Says only that others are gone.
    var isTombstone = false

    init(
        id: UInt64, run: StoredRun, number: UInt64, time: Int64, level: SnapshotLevel, results: [StoredResult],
        replaced: [UInt64] = []
    ) {
        self.id = id
        self.run = run
        self.number = number
        self.time = time
        self.level = level
        self.results = results
        self.replaced = replaced
    }

    /// The same snapshot has the same id however often it is sent.
    init(_ snapshot: Snapshot, number: Int, run: StoredRun) {
        self.init(
            id: Self.id(run.id, UInt64(number)), run: run, number: UInt64(number), time: snapshot.time, level: .raw,
            results: snapshot.results.map {
                StoredResult(
                    task: $0.task, rowCount: UInt64($0.rows.count), packets: $0.totalPackets, bytes: $0.totalBytes,
                    other: $0.other, evictedFlows: $0.evictedFlows)
            })
    }

    /// SplitMix64 of both: 63 bits that tell snapshots apart.
    private static func id(_ run: UInt64, _ number: UInt64) -> UInt64 {
        var value = run &+ number &* 0x9E37_79B9_7F4A_7C15
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return (value ^ value >> 31) >> 1
    }

    var octets: [UInt8] {
        var writer = RowBinaryWriter()
        let others = results.map { $0.other ?? FlowRecord(key: Self.noKey) }
        writer.append(ClickHouseRows.day(time))
        writer.append(id)
        writer.append(run.id)
        writer.append(run.started)
        writer.append(text: run.source)
        writer.append(UInt8(run.isCumulative ? 1 : 0))
        writer.append(number)
        writer.append(time)
        writer.append(isTombstone ? UInt8.max : level.rawValue)
        writer.append(texts: results.map(\.task.name))
        writer.append(texts: results.map(\.task.fields.description))
        writer.append(results.map { UInt8($0.task.bidirectional ? 1 : 0) })
        writer.append(results.map(\.rowCount))
        writer.append(results.map(\.packets))
        writer.append(results.map(\.bytes))
        writer.append(results.map(\.evictedFlows))
        writer.append(results.map { UInt8($0.other == nil ? 0 : 1) })
        writer.append(others.map(\.packets))
        writer.append(others.map(\.bytes))
        writer.append(others.map(\.reversePackets))
        writer.append(others.map(\.reverseBytes))
        writer.append(others.map(\.firstSeen))
        writer.append(others.map(\.lastSeen))
        writer.append(others.map(\.tcpFlags))
        writer.append(others.map(\.reverseTCPFlags))
        writer.append(tokenTasks)
        writer.append(tokens)
        writer.append(replaced)
        return writer.octets
    }

    /// - Returns: `nil` where it makes no sense.
    init?(_ reader: inout RowBinaryReader) {
        _ = reader.number(UInt16.self)
        id = reader.number()
        let (runID, started) = (reader.number(UInt64.self), reader.number(Int64.self))
        let source = reader.text()
        run = StoredRun(id: runID, started: started, source: source, isCumulative: reader.number(UInt8.self) != 0)
        number = reader.number()
        time = reader.number()
        let rawLevel: UInt8 = reader.number()
        level = SnapshotLevel(rawValue: rawLevel) ?? .raw
        isTombstone = rawLevel == .max
        let names = reader.texts(), fields = reader.texts(), directions: [UInt8] = reader.numbers()
        let counts: [[UInt64]] = (0..<4).map { _ in reader.numbers() }
        let hasOther: [UInt8] = reader.numbers()
        let sums: [[UInt64]] = (0..<4).map { _ in reader.numbers() }
        let times: [[Int64]] = (0..<2).map { _ in reader.numbers() }
        let flags: [[UInt8]] = (0..<2).map { _ in reader.numbers() }
        tokenTasks = reader.numbers()
        tokens = reader.numbers()
        replaced = reader.numbers()
        results = []
        let all =
            [fields.count, directions.count, hasOther.count] + (counts + sums).map(\.count) + times.map(\.count)
            + flags.map(\.count)
        guard !reader.isDamaged, all.allSatisfy({ $0 == names.count }), tokens.count == tokenTasks.count else {
            return nil
        }
        for index in names.indices {
            guard let fields = try? KeyFields(stored: fields[index]) else { return nil }
            let other = FlowRecord(
                key: Self.noKey, packets: sums[0][index], bytes: sums[1][index], reversePackets: sums[2][index],
                reverseBytes: sums[3][index], firstSeen: times[0][index], lastSeen: times[1][index],
                tcpFlags: flags[0][index], reverseTCPFlags: flags[1][index])
            results.append(
                StoredResult(
                    task: FlowTask(name: names[index], fields: fields, bidirectional: directions[index] != 0),
                    rowCount: counts[0][index], packets: counts[1][index], bytes: counts[2][index],
                    other: hasOther[index] != 0 ? other : nil, evictedFlows: counts[3][index]))
        }
    }

    private static let noKey = FlowKey(sourceHigh: 0, sourceLow: 0, destinationHigh: 0, destinationLow: 0, meta: 0)
}
