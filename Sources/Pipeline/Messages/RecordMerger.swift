import KernelIO
import Octets

/// Puts the shards' records of one batch in the order of the events that gave them.
struct RecordMerger: ~Copyable {
    /// What is written next, and how much of it there is.
    private var piece = MappedArray<UInt8>(count: Self.pieceOctets)
    private var count = 0

    /// Records of several shards are written in pieces of at most this much, which stay in the processor's cache.
    private static let pieceOctets = 256 << 10
    /// A run of records as long as this is written from where it lies.
    private static let longOctets = 8 << 10

    /// Writes the records, where there are any: those of one shard in one call.
    mutating func write(
        _ outputs: [GroupOutput], _ output: (Span<UInt8>) throws(SystemFailure) -> Void
    ) throws(SystemFailure) {
        var active = outputs.flatMap { output in output.parts.map { Cursor(output, $0) } }
        if active.count == 1, active[0].output.octets.loans.isEmpty {
            let octets = active[0].output.octets
            return try output(octets.octets)
        }
        count = 0
        while !active.isEmpty {
            var first = 0
            for index in active.indices.dropFirst() where active[index].place < active[first].place { first = index }
            try addRun(of: &active[first], output)
            if active[first].run == active[first].runs.endIndex { active.remove(at: first) }
        }
        try flush(output)
    }

    /// Adds the next run of records, with what was lent to them.
    private mutating func addRun(
        of cursor: inout Cursor, _ output: (Span<UInt8>) throws(SystemFailure) -> Void
    ) throws(SystemFailure) {
        let end = cursor.runs[cursor.run].end
        let octets = cursor.output.octets
        while cursor.loan < octets.loans.count, octets.loans[cursor.loan].position < end {
            let loan = octets.loans[cursor.loan]
            try add(octets.octets.extracting(cursor.start..<loan.position), output)
            try add(loan.octets, output)
            cursor.start = loan.position
            cursor.loan += 1
        }
        try add(octets.octets.extracting(cursor.start..<end), output)
        cursor.start = end
        cursor.run += 1
    }

    private mutating func add(
        _ run: Span<UInt8>, _ output: (Span<UInt8>) throws(SystemFailure) -> Void
    ) throws(SystemFailure) {
        if run.count > Self.pieceOctets - count || run.count >= Self.longOctets { try flush(output) }
        guard run.count < Self.longOctets else { return try output(run) }
        piece.replace(at: count, with: run)
        count += run.count
    }

    private mutating func flush(_ output: (Span<UInt8>) throws(SystemFailure) -> Void) throws(SystemFailure) {
        guard count > 0 else { return }
        try output(piece.span.extracting(0..<count))
        count = 0
    }

    private struct Cursor {
        let output: GroupOutput
        let runs: ArraySlice<GroupOutput.Run>
        var run: Int
        /// Of the run, in the buffer.
        var start: Int
        /// The first one that is lent to this run or a later one.
        var loan: Int
        var place: RecordPlace { runs[run].place }

        init(_ output: GroupOutput, _ part: GroupOutput.Part) {
            self.output = output
            runs = part.runs
            run = part.runs.startIndex
            start = part.start
            loan = output.octets.loans.firstIndex { $0.position >= part.start } ?? output.octets.loans.count
        }
    }
}
