import ArgumentParser
import CaptureFiles
import Events
import KernelIO
import Outputs
import Pipeline
import Probes

/// The half of a trace that sees packets and secrets, and writes them into a capture. Confined like `TraceReader`: the
/// sockets and the file come with it, open.
///
/// One thread takes packets, the other one secrets; they meet in `TracedPackets`.
struct PacketReader {
    let outputs: PacketOutputs
    let tracedOnly: Bool
    let isConfined: Bool
    let isQuiet: Bool
    let clock: ClockOffset

    private final class Meeting {
        var packets: TracedPackets
        var file: TracedPacketFile
        /// When the end was told (monotonic).
        var stopped: Int64?

        init(_ packets: TracedPackets, _ file: sending TracedPacketFile) {
            self.packets = packets
            self.file = file
        }
    }

    /// - Parameter link: to the half that attaches.
    /// - Returns: the exit code.
    func callAsFunction(_ link: MessageSocket) -> Int32 {
        ChildProcess.leaveSignalsToParent()
        outputs.capture.askOtherHalf()
        let half = ReaderLink(socket: link)
        // Where the other half has failed it has said why.
        guard let buffers = half.receiveBuffers() else { return Exit.system.rawValue }
        do {
            let reader = try half.confine(reading: buffers, outputs: outputs.descriptors, isConfined: isConfined)
            try ChildProcess.onNewThread { try run(reader, link) }
            return 0
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            StandardError.write("netspectra: \(error)\n")
            return Exit.system.rawValue
        }
    }

    private func run(_ reader: RecordReader, _ link: MessageSocket) throws {
        var settings = TracedPackets.Settings()
        settings.tracedOnly = tracedOnly
        let (meeting, thread): (Monitor<Meeting>, WorkerThread)
        do throws(SystemFailure) {
            let writer = try CaptureFileWriter(outputs.capture, rotation: outputs.capture.rotation)
            let file = TracedPacketFile(writer, outputs.source.reports, filter: outputs.filter, start: outputs.start)
            meeting = Monitor(Meeting(TracedPackets(settings), file))
            let source = outputs.source
            thread = try WorkerThread(name: "packets") { Self.takePackets(source, meeting) }
        } catch {
            throw Exit.output(error)
        }
        let (secrets, counters) = takeSecrets(reader, link, meeting)
        meeting.update { $0.stopped = Clock.monotonicNanoseconds }
        outputs.source.stop()
        thread.join()
        let reports = outputs.source.reports
        try meeting.withLock { meeting in
            meeting.packets.finish(to: &meeting.file)
            meeting.file.note(reports, at: Clock.wallNanoseconds)
            var failure: SystemFailure?
            do throws(SystemFailure) { try meeting.file.writer.close() } catch { failure = error }
            try finish(
                PacketSummary(meeting.packets, meeting.file.writer.counts, reports, secrets, counters), counters,
                failure)
        }
    }

    // MARK: - Packets

    /// Of a busy interface whose socket nobody closes, as the other half is gone.
    private static let drainNanoseconds: Int64 = 1_000_000_000

    private static func takePackets(_ source: LiveSource, _ meeting: Monitor<Meeting>) {
        var batch = FrameBatch()
        var noted = Clock.monotonicNanoseconds
        while true {
            let turn = source.next(&batch, cutsMade: 0, worker: 0)
            if case .end = turn { return }
            let now = Clock.monotonicNanoseconds
            let isDue = now - noted > Self.noteNanoseconds
            if isDue { noted = now }
            let reports = isDue ? source.reports : []
            let isOver = meeting.withLock { meeting in
                if case .frames = turn { Self.take(batch, now, meeting) }
                meeting.packets.advance(at: now, to: &meeting.file)
                meeting.file.note(reports, at: Clock.wallNanoseconds)
                // Who follows the file sees what has come.
                if case .idle = turn { meeting.file.writer.flush() } else if isDue { meeting.file.writer.flush() }
                return meeting.stopped.map { now - $0 > Self.drainNanoseconds } ?? false
            }
            if isOver { return }
        }
    }

    private static let noteNanoseconds: Int64 = 1_000_000_000

    private static func take(_ batch: borrowing FrameBatch, _ now: Int64, _ meeting: Meeting) {
        let window = batch.window.span
        for index in 0..<batch.frames.count {
            let frame = batch.frames.span[index]
            let start = Int(frame.offset)
            let octets = window.extracting(start..<start + Int(frame.capturedLength))
            meeting.packets.take(frame, octets, at: now, to: &meeting.file)
        }
    }

    // MARK: - Secrets

    private func takeSecrets(
        _ reader: RecordReader, _ link: MessageSocket, _ meeting: Monitor<Meeting>
    ) -> (SecretRecords, ProbeCounters?) {
        var secrets = SecretRecords(clock: clock)
        var hasEnough = false
        func take(_ record: Span<UInt8>) {
            var (new, repeated): ([DerivedSecret], [DerivedSecret]) = ([], [])
            secrets.take(record, repeated: { repeated.append($0) }) { new.append($0) }
            let now = Clock.monotonicNanoseconds
            meeting.withLock { meeting in
                for secret in new { meeting.packets.take(secret, at: now, to: &meeting.file) }
                for secret in repeated { meeting.packets.note(repeated: secret) }
            }
        }
        while true {
            let isTold = reader.read(orUntil: link.descriptor) { take($0) }
            if isTold {
                let told = link.read(atMost: TraceMessage.octetsMax).flatMap { TraceMessage($0) }
                reader.drain { take($0) }
                guard case .detached(let counts) = told else { return (secrets, nil) }
                return (secrets, ProbeCounters(counts))
            }
            if !hasEnough, meeting.withLock({ $0.file.writer.failure != nil }) {
                hasEnough = true
                link.write(TraceMessage.enough.octets)
            }
        }
    }

    // MARK: - The end

    private func finish(_ summary: PacketSummary, _ counters: ProbeCounters?, _ failure: SystemFailure?) throws {
        if counters == nil {
            StandardError.write(
                "netspectra: the process that holds the probes has ended: what was read by then is written\n")
        }
        for problem in summary.problems { StandardError.write("netspectra: \(problem)\n") }
        if !isQuiet, failure?.isBrokenPipe != true { StandardError.write("netspectra: \(summary.text)\n") }
        guard summary.ledger.isBalanced else {
            throw Exit.fail(Exit.defect, "the counts do not add up: a defect of netspectra, please report it")
        }
        if let failure { throw Exit.output(failure) }
        if counters == nil { throw Exit.system }
    }
}
