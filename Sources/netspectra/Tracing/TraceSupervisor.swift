import ArgumentParser
import KernelIO
import Probes

/// What a trace writes, as far as the half that does not write has to do with it.
protocol TraceOutputs {
    /// The other half draws on the terminal.
    var drawsTable: Bool { get }
    /// Gives names to the files that the other half has made whole.
    func commit(_ whole: MessageOutputs.Whole) throws(SystemFailure)
    /// What is readable when the other half asks for a further file; -1: it will not.
    var questions: Int32 { get }
    /// Opens a further file for the other half.
    func answer()
    /// Lets nothing more in, besides what the probes give.
    func close()
}

extension TraceOutputs {
    var questions: Int32 { -1 }
    func answer() {}
    func close() {}
}

extension MessageOutputs: TraceOutputs {
    var drawsTable: Bool { messages.isTable }
    var questions: Int32 { capture?.questions ?? -1 }
    func answer() { capture?.answer() }
}

extension KeyLogFile: TraceOutputs {
    var drawsTable: Bool { false }
    /// It grows under its own name.
    func commit(_ whole: MessageOutputs.Whole) {}
}

/// The half of a trace that has privileges: finds targets, loads, attaches, and hands over the ring. It reads no
/// captured octet; all that comes back from the other half are its few messages and its exit code.
struct TraceSupervisor {
    let settings: ProbeSettings
    let outputs: any TraceOutputs
    let isConfined: Bool
    let isQuiet: Bool
    let child: ChildProcess
    let link: MessageSocket
    private let isEndingAtOnce = Monitor(false)

    init(
        settings: ProbeSettings, outputs: any TraceOutputs, isConfined: Bool, isQuiet: Bool, child: ChildProcess,
        link: MessageSocket
    ) {
        self.settings = settings
        self.outputs = outputs
        self.isConfined = isConfined
        self.isQuiet = isQuiet
        self.child = child
        self.link = link
    }

    /// Libraries that come later are looked for at least this often (and at most as `TraceTargets` says).
    private static let searchMilliseconds: Int32 = 1_000

    /// Traces until it is interrupted, or the other half wants no more.
    func callAsFunction(_ targets: TraceTargets) throws {
        let interrupt = WakeUp()
        let child = child
        let isEndingAtOnce = isEndingAtOnce
        StopSignals.onFirst({ interrupt.raise() }) {
            isEndingAtOnce.withLock { $0 = true }
            child.kill()
        }
        var targets = targets
        let session: ProbeSession
        do {
            session = try ProbeSession(settings)
            guard try startReading(session) else { throw end(child.wait()) }
            try targets.attachFirst(to: session)
        } catch let failure as ProbeFailure {
            child.kill()
            _ = child.wait()
            throw Exit.fail(failure)
        }
        say("\(targets.summary(session)); Ctrl-C ends")
        attachUntil(interrupt, session, &targets)
        outputs.close()
        try finish(session.detach(), targets.problems)
    }

    private func say(_ text: String) {
        guard !isQuiet else { return }
        let line = "netspectra: \(text)\n"
        // Beside a live table only who draws it can write.
        guard outputs.drawsTable, (try? link.send(TraceMessage.note(line).octets)) != nil else {
            return StandardError.write(line)
        }
    }

    /// Hands the ring over, and waits until the other half is confined: nothing is attached before.
    /// - Returns: false where the other half has ended.
    private func startReading(_ session: ProbeSession) throws -> Bool {
        switch session.buffers {
        case .ring(let descriptor): try link.send(TraceMessage.ring.octets, descriptor: descriptor)
        case .perProcessor(let descriptors, let octets):
            for (index, descriptor) in descriptors.enumerated() {
                let message = TraceMessage.buffer(
                    exponent: UInt8(octets.trailingZeroBitCount), isLast: index == descriptors.count - 1)
                try link.send(message.octets, descriptor: descriptor)
            }
        }
        guard case .reading(let layers) = receive() else { return false }
        let missing = Sandbox.Layer.allCases.filter { !layers.contains($0) }
        if isConfined, !missing.isEmpty {
            let names = missing.map(\.name).joined(separator: " and ")
            StandardError.write("netspectra: this kernel has no \(names): what parses is confined by the rest only\n")
        }
        return true
    }

    private func receive() -> TraceMessage? {
        link.receive(atMost: TraceMessage.octetsMax).flatMap { TraceMessage($0.octets) }
    }

    private func attachUntil(_ interrupt: WakeUp, _ session: ProbeSession, _ targets: inout TraceTargets) {
        while true {
            let readable = Descriptors.waitUntilReadable(
                [interrupt.descriptor, link.descriptor, outputs.questions], milliseconds: Self.searchMilliseconds)
            // What the other half says now is that it wants no more, or, by its end, that it is gone.
            if readable[0] || readable[1] { return }
            if readable[2] { outputs.answer() }
            for note in targets.attachNew(to: session) { say(note) }
        }
    }

    /// Says what the programs have counted, waits for the other half, and gives its files their names.
    private func finish(_ counters: ProbeCounters, _ problems: [String]) throws {
        // Where nobody takes it, the next lines find out why.
        try? link.send(TraceMessage.detached(counters.values).octets)
        var whole: MessageOutputs.Whole = []
        while true {
            let readable = Descriptors.waitUntilReadable(
                [link.descriptor, outputs.questions], milliseconds: -1)
            if readable[1] { outputs.answer() }
            guard readable[0] else { continue }
            guard let message = receive() else { break }
            if case .whole(let files) = message { whole = files }
        }
        let ending = child.wait()
        for problem in problems { StandardError.write("netspectra: \(problem)\n") }
        // At the second interrupt this process ends in a moment, with the signal's code and not because of the child.
        while isEndingAtOnce.withLock({ $0 }) { _ = Descriptors.waitUntilReadable([], milliseconds: 1_000) }
        do throws(SystemFailure) {
            try outputs.commit(whole)
        } catch {
            throw Exit.output(error)
        }
        if ending != .exited(0) { throw end(ending) }
    }

    /// How this process ends when the other one has ended like that.
    private func end(_ ending: ChildProcess.Ending) -> ExitCode {
        switch ending {
        case .exited(let code): ExitCode(code)
        case .signalled(let signal):
            Exit.fail(Exit.system, "the process that parses was ended by signal \(signal): what it had read is lost")
        case .unknown: Exit.fail(Exit.system, "the process that parses has ended, nobody knows how")
        }
    }
}
