import ArgumentParser
import Events
import KernelIO
import Outputs
import Pipeline
import Probes

/// The half of a trace that sees what was captured: decodes, parses, prints. It runs in a process of its own, confined
/// before it reads the first record, and has nothing but descriptors: the ring, the outputs, the other half.
struct TraceReader {
    let run: MessageRun
    let outputs: MessageOutputs
    let isConfined: Bool
    let clock: ClockOffset

    /// - Parameter link: to the half that attaches.
    /// - Returns: the exit code.
    func callAsFunction(_ link: MessageSocket) -> Int32 {
        ChildProcess.leaveSignalsToParent()
        outputs.leaveNames()
        // Where the other half has failed it has said why.
        let half = ReaderLink(socket: link)
        guard let buffers = half.receiveBuffers() else { return Exit.system.rawValue }
        do {
            let reader = try half.confine(reading: buffers, outputs: outputs.descriptors, isConfined: isConfined) {
                // The library of digests reads its configuration when it is first used.
                _ = ContentTools().makeDigest()
            }
            defer { link.write(TraceMessage.whole(outputs.whole).octets) }
            HeapPages.share()
            try ChildProcess.onNewThread {
                try run.run(outputs) { entrance, shouldStop in read(reader, link, entrance, shouldStop) }
            }
            return 0
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            StandardError.write("netspectra: \(error)\n")
            return Exit.system.rawValue
        }
    }

    private func read(
        _ reader: RecordReader, _ link: MessageSocket, _ entrance: any EventEntrance, _ shouldStop: () -> Bool
    ) -> MessageRun.Source {
        var live = LiveRecords(clock: clock)
        var hasEnough = false
        while true {
            let isTold = reader.read(orUntil: link.descriptor) { live.take($0, into: entrance) }
            if isTold {
                let told = link.read(atMost: TraceMessage.octetsMax).flatMap { TraceMessage($0) }
                if case .note(let text) = told {
                    outputs.messages.note(text)
                    continue
                }
                reader.drain { live.take($0, into: entrance) }
                guard case .detached(let counts) = told else { return MessageRun.Source(live, orphaned: outputs) }
                return MessageRun.Source(ProbeCounters(counts), live)
            }
            if !hasEnough, live.isStopped || shouldStop() {
                hasEnough = true
                link.write(TraceMessage.enough.octets)
            }
        }
    }
}

extension MessageRun.Source {
    /// The half that attaches is gone, and with it the probes and what they have counted.
    fileprivate init(_ live: LiveRecords, orphaned outputs: MessageOutputs) {
        stages = [.ring(live, seen: live.records, full: 0)]
        problems = ["the process that holds the probes has ended: what was read by then is shown"]
        for path in outputs.unnamed { problems.append("what was written is in \(path)") }
        code = Exit.system
    }

    fileprivate init(_ counters: ProbeCounters, _ live: LiveRecords) {
        var lost: [LedgerReport.Cause] = [
            .init("ring full", counters.ringFullOctets), .init("memory not readable", counters.unreadableOctets),
        ]
        var filtered: [LedgerReport.Cause] = [.init("beyond 4 MiB of one call", counters.overLimitOctets)]
        lost.removeAll { $0.count == 0 }
        filtered.removeAll { $0.count == 0 }
        stages = [
            .init(
                name: "probes", unit: "octets", seen: counters.octets, delivered: counters.writtenOctets,
                filtered: filtered, lost: lost),
            .ring(
                live, seen: counters.records + counters.sockets + counters.ringFullSockets,
                full: counters.ringFullSockets),
        ]
        if counters.unfollowedCalls > 0 {
            problems.append(
                "\(counters.unfollowedCalls) calls were not followed (begun before the probes were there, too many "
                    + "threads, or calls within calls): what they carried is not known")
        }
        if counters.unfollowedChildren > 0 {
            self.problems.append("\(counters.unfollowedChildren) children were not followed: there were too many")
        }
        if counters.recordsWithoutSocket > 0 {
            self.problems.append(
                "\(counters.recordsWithoutSocket) of \(counters.records) pieces of plaintext came over connections "
                    + "whose socket is not known (programs that move the octets themselves, as Python's asyncio): "
                    + "these have no addresses, and end when nothing is said for a while")
        }
        if counters.unfollowedSockets > 0 {
            problems.append("\(counters.unfollowedSockets) times there were too many sockets to tell apart")
        }
    }
}

extension LedgerReport.Stage {
    fileprivate static func ring(_ live: LiveRecords, seen: UInt64, full: UInt64) -> Self {
        .init(
            name: "ring", unit: "records", seen: seen, delivered: live.records - live.damaged, filtered: [],
            lost: [.init("ring full", full), .init("damaged", live.damaged)].filter { $0.count > 0 })
    }
}
