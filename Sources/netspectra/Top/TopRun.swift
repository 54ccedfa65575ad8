import ArgumentParser
import Flows
import KernelIO
import Outputs
import Pipeline
import Sockets

/// The half of `top` that reads packets, counts and draws. On live interfaces it gives up its privileges first.
struct TopRun {
    private let options: TopOptions
    /// To the half that has privileges.
    private let link: MessageSocket

    /// Flow tables of an interval take no more: beyond, the smallest flows have no rows.
    private static let memoryMax = 256 << 20

    init(_ options: TopOptions, _ link: MessageSocket) {
        self.options = options
        self.link = link
    }

    /// - Returns: the exit code.
    func callAsFunction() -> Int32 {
        do {
            return try run()
        } catch let code as ExitCode {
            return code.rawValue
        } catch let error as ValidationError {
            return Exit.fail(Exit.usage, error.message).rawValue
        } catch {
            return Exit.fail(Exit.system, "\(error)").rawValue
        }
    }

    private func run() throws -> Int32 {
        let source = try options.input.open(interval: options.interval, clock: options.input.isLive ? .wall : .capture)
        let (feed, reason) = try receiveSockets()
        if options.isConfined, options.input.isLive { _ = try Sandbox.enter([.privileges, .landlock]) }
        return try ChildProcess.onNewThread { try show(source, feed, reason) }
    }

    private func show(_ source: AnalysisSource, _ feed: OwnerFeed?, _ reason: String?) throws -> Int32 {
        feed?.begin()
        defer { feed?.end() }
        let display = TopDisplay(options, feed, processNote: reason)
        let task = FlowTask(name: "five_tuple", fields: .fiveTuple, bidirectional: true)
        let aggregator = ExactAggregator(
            tasks: [task], workers: Machine.processorCount, memoryLimit: Self.memoryMax)
        let builder = SnapshotBuilder(order: .bytes, limit: TopTraffic.entriesMax)
        let analysis = FlowAnalysis(filter: options.filter)
        let (descriptor, frames) = (link.descriptor, source.frames)
        let screen = try WorkerThread(name: "screen") { display.run(descriptor, frames) }
        defer { screen.join() }
        let last: AggregatorCut
        do throws(SystemFailure) {
            (_, last) = try analysis.run(frames, into: aggregator) { state, cut in
                display.take(builder.snapshot(state, time: cut.time), frames)
            }
        } catch {
            display.giveUp()
            throw error
        }
        display.finish(builder.snapshot(last, time: nil), source)
        return (source.captures.exitCode ?? ExitCode(0)).rawValue
    }

    private func receiveSockets() throws -> (feed: OwnerFeed?, reason: String?) {
        guard let (octets, descriptor) = link.receive(atMost: TopMessage.octetsMax) else { throw Exit.system }
        switch (TopMessage(octets), descriptor) {
        case (.sockets(let endsAreTold), .some(let descriptor)):
            return (try OwnerFeed(.ring(descriptor), endsAreTold: endsAreTold), nil)
        case (.noSockets(let reason), _): return (nil, reason)
        default: throw Exit.system
        }
    }
}
