import Flows
import KernelIO
import Storage
import TestSupport
import Testing

@Suite struct RetentionTests {
    private let hour = 60 * StoreSamples.minute

    /// Minutes become hours and days; every sum stays, and what is kept is what the ages say.
    @Test(arguments: [false, true]) func sumsSurviveMerging(isCumulative: Bool) throws {
        // Every ten minutes for four hours.
        var snapshots = StoreSamples.snapshots(24, seed: 21)
        for index in snapshots.indices { snapshots[index].time = StoreSamples.start + Int64(index + 1) * hour / 6 }
        if isCumulative { snapshots = StoreSamples.cumulative(snapshots) }
        try Golden.withTemporaryDirectory { folder in
            let store = try SQLiteStore(path: folder + "/x.db", access: .write, chunkRows: 50)
            try StoreSamples.store(snapshots, StoredRun(source: "", isCumulative: isCumulative), in: store)
            let retention = Retention(minutesAfter: hour / 2, hoursAfter: hour, daysAfter: 100 * hour)
            let questions = try StoreSamples.questions().filter { $0.question.every == nil && $0.question.last == nil }
            let before = try questions.map { try StoreSamples.ask($0.question, store) }
            try store.maintain(retention)
            let catalogue = try store.catalogue()
            // Three whole hours behind an hour's age; the youngest hour in its six parts.
            #expect(catalogue.snapshots.filter { $0.level == .hour }.count == 3)
            #expect(catalogue.snapshots.count == 3 + 6)
            #expect(catalogue.snapshots[0].time == StoreSamples.start + hour)
            for (question, before) in zip(questions, before) where question.question.from == nil {
                var after = try StoreSamples.ask(question.question, store)
                after.snapshotCount = before.snapshotCount
                after.from = before.from
                // Filters see rows: in merged ones flags are those of the hour, and who began is who began then.
                if question.question.filter != nil, question.question.task == "conversations" { continue }
                if question.name.contains("tcp_flags") { continue }
                // What one end sent has the times of the row of both ends, which are now those of the hour.
                if ["one-way of two-way", "spread of conversations"].contains(question.name) { continue }
                #expect(after == before, "\(question.name)")
            }
            // Nothing more to be done.
            try store.maintain(retention)
            #expect(try store.catalogue() == catalogue)
            let counts = try store.answer(sql: "SELECT sum(rows), (SELECT count(*) FROM rows) FROM results").rows[0]
            #expect(counts[0] == counts[1])
        }
    }

    @Test func whatIsTooOldGoes() throws {
        let snapshots = StoreSamples.snapshots(10, seed: 22)
        try Golden.withTemporaryDirectory { folder in
            let store = try SQLiteStore(path: folder + "/x.db", access: .write)
            try StoreSamples.store(snapshots, StoredRun(source: "old"), in: store)
            try store.maintain(Retention(keep: 3 * StoreSamples.minute))
            #expect(try store.catalogue().snapshots.map(\.time) == snapshots[6...].map(\.time))
            let counts = try store.answer(sql: "SELECT sum(rows), (SELECT count(*) FROM rows) FROM results").rows[0]
            #expect(counts[0] == counts[1])
        }
    }

    /// What a cumulative count was before the range that is kept is needed to know what was counted in it.
    @Test func aCumulativeRunKeepsItsBase() throws {
        let snapshots = StoreSamples.cumulative(StoreSamples.snapshots(10, seed: 23))
        try Golden.withTemporaryDirectory { folder in
            let store = try SQLiteStore(path: folder + "/x.db", access: .write)
            try StoreSamples.store(snapshots, StoredRun(source: "", isCumulative: true), in: store)
            var question = FlowQuestion()
            question.from = snapshots[6].time
            let before = try StoreSamples.ask(question, store)
            try store.maintain(Retention(keep: 3 * StoreSamples.minute))
            #expect(try store.catalogue().snapshots.map(\.time) == snapshots[5...].map(\.time))
            #expect(try StoreSamples.ask(question, store) == before)
        }
    }
}
