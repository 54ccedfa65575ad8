import ArgumentParser
import KernelIO
import Outputs
import Probes

/// The half of `top` that has privileges and sees no packet: watches sockets, and leaves the terminal as it was,
/// however the other half ends. See docs/decisions/0007.
struct TopGuard {
    private let options: TopOptions

    init(_ options: TopOptions) { self.options = options }

    private static let lookMilliseconds: Int32 = 1_000

    func run() throws {
        let isInteractive = options.isInteractive && TerminalKeys.remember()
        let (child, link): (ChildProcess, MessageSocket)
        do throws(SystemFailure) {
            (child, link) = try ChildProcess.forkLinked { link in
                ChildProcess.leaveSignalsToParent(readsKeys: isInteractive)
                return TopRun(options, link)()
            }
        } catch {
            throw Exit.fail(Exit.system, "\(error)")
        }
        let interrupt = WakeUp()
        StopSignals.onFirst({ interrupt.raise() }) {
            child.kill()
            Self.giveBack(isInteractive)
        }
        let watch = options.input.isLive ? beginWatching(link) : nil
        if !options.input.isLive {
            try? link.send(TopMessage.noSockets("captures do not tell").octets)
        }
        var waited = [interrupt.descriptor, link.descriptor]
        while true {
            let readable = Descriptors.waitUntilReadable(waited, milliseconds: Self.lookMilliseconds)
            if readable.last == true { break }
            if readable.count > 1, readable[0] {
                try? link.send(TopMessage.stop.octets)
                waited.removeFirst()
            }
            try? watch?.lookIfDue()
        }
        let ending = child.wait()
        switch ending {
        case .exited(0): return
        case .exited(let code): throw ExitCode(code)
        case .signalled(let signal):
            Self.giveBack(isInteractive)
            throw Exit.fail(Exit.system, "the process that reads packets was ended by signal \(signal)")
        case .unknown:
            Self.giveBack(isInteractive)
            throw Exit.fail(Exit.system, "the process that reads packets has ended, nobody knows how")
        }
    }

    /// Who did not end by himself did not tidy up.
    private static func giveBack(_ isInteractive: Bool) {
        guard isInteractive else { return }
        TerminalKeys.restore()
        let octets = TopScreen.closing
        do throws(SystemFailure) {
            try DescriptorWriter(descriptor: 1, name: "standard output").write(octets.span)
        } catch {
            // The terminal is gone.
        }
    }

    private func beginWatching(_ link: MessageSocket) -> SocketWatch? {
        do {
            let watch = try SocketWatch()
            guard case .ring(let descriptor) = watch.buffers else { return nil }
            try link.send(TopMessage.sockets(endsAreTold: watch.endsAreTold).octets, descriptor: descriptor)
            try watch.look()
            return watch
        } catch let failure as ProbeFailure {
            let reason = failure.message.split(separator: "\n").first.map(String.init) ?? ""
            try? link.send(TopMessage.noSockets(reason).octets)
        } catch {
            // The other half is gone, and says why.
        }
        return nil
    }
}
