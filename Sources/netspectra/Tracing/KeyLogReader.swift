import ArgumentParser
import Events
import KernelIO
import Octets
import Outputs
import Pipeline
import Probes

/// The half of a trace that sees secrets, and writes them to a key log and nowhere else. Confined like `TraceReader`.
struct KeyLogReader {
    let file: KeyLogFile
    let isConfined: Bool
    let isQuiet: Bool
    let clock: ClockOffset

    /// What became of the secrets.
    private struct Outcome {
        var secrets: SecretRecords
        var written: UInt64 = 0
        var unwritten: UInt64 = 0
        var failure: SystemFailure?
        /// `nil`: the half that holds the probes is gone.
        var counters: ProbeCounters?
    }

    /// - Parameter link: to the half that attaches.
    /// - Returns: the exit code.
    func callAsFunction(_ link: MessageSocket) -> Int32 {
        ChildProcess.leaveSignalsToParent()
        let half = ReaderLink(socket: link)
        // Where the other half has failed it has said why.
        guard let buffers = half.receiveBuffers() else { return Exit.system.rawValue }
        do {
            let reader = try half.confine(reading: buffers, outputs: [file.descriptor], isConfined: isConfined)
            try finish(read(reader, link))
            return 0
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            StandardError.write("netspectra: \(error)\n")
            return Exit.system.rawValue
        }
    }

    private func read(_ reader: RecordReader, _ link: MessageSocket) -> Outcome {
        var outcome = Outcome(secrets: SecretRecords(clock: clock))
        var hasEnough = false
        while true {
            let isTold = reader.read(orUntil: link.descriptor) { take($0, &outcome) }
            if isTold {
                let told = link.read(atMost: TraceMessage.octetsMax).flatMap { TraceMessage($0) }
                reader.drain { take($0, &outcome) }
                if case .detached(let counts) = told { outcome.counters = ProbeCounters(counts) }
                return outcome
            }
            if !hasEnough, outcome.failure != nil {
                hasEnough = true
                link.write(TraceMessage.enough.octets)
            }
        }
    }

    /// One line, with one call: who follows the file never sees half of it.
    private func take(_ record: Span<UInt8>, _ outcome: inout Outcome) {
        var (written, unwritten, failure) = (outcome.written, outcome.unwritten, outcome.failure)
        outcome.secrets.take(record) { secret in
            guard failure == nil else { return unwritten += 1 }
            var line = OctetBuffer()
            secret.appendKeyLog(to: &line)
            do throws(SystemFailure) {
                try file.write([UInt8](line).span)
                written += 1
            } catch {
                failure = error
                unwritten += 1
            }
        }
        (outcome.written, outcome.unwritten, outcome.failure) = (written, unwritten, failure)
    }

    private func finish(_ outcome: Outcome) throws {
        let summary = KeyLogSummary(
            outcome.secrets, written: outcome.written, unwritten: outcome.unwritten, outcome.counters)
        if outcome.counters == nil {
            StandardError.write(
                "netspectra: the process that holds the probes has ended: what was read by then is written\n")
        }
        for problem in summary.problems { StandardError.write("netspectra: \(problem)\n") }
        if !isQuiet, outcome.failure?.isBrokenPipe != true { StandardError.write("netspectra: \(summary.text)\n") }
        guard summary.ledger.isBalanced else {
            throw Exit.fail(Exit.defect, "the counts do not add up: a defect of netspectra, please report it")
        }
        if let failure = outcome.failure { throw Exit.output(failure) }
        if outcome.counters == nil { throw Exit.system }
    }
}
