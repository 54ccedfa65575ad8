import Flows
import KernelIO
import Outputs
import Pipeline
import Sockets

/// What `top` shows of the intervals, and the keys: shared by the thread that brings snapshots and the one that draws.
final class TopDisplay: Sendable {
    private struct State {
        var traffic = TopTraffic()
        /// Intervals taken so far, and those that were drawn.
        var number = 0
        var drawn = -1
        /// The end of the last one: of its packets, and on the monotonic clock.
        var lastTime: Int64?
        var lastTaken: Int64
        var notes: [String] = []
        /// The packets have come to their end.
        var isOver = false
        /// Nobody wants to see more.
        var isDone = false
    }

    private let options: TopOptions
    private let feed: OwnerFeed?
    private let processNote: String?
    private let state: Monitor<State>
    private let style = Style.detect(descriptor: 1, environment: Terminal.environment)

    /// Keys are looked for, and the terminal's size, so often at least.
    private static let waitMilliseconds: Int32 = 100

    init(_ options: TopOptions, _ feed: OwnerFeed?, processNote: String?) {
        self.options = options
        self.feed = feed
        self.processNote = processNote
        var state = State(lastTaken: Clock.monotonicNanoseconds)
        if options.input.isLive { state.lastTime = Clock.wallNanoseconds }
        self.state = Monitor(state)
    }

    // MARK: - Intervals

    /// Takes what was counted in an interval.
    func take(_ snapshot: Snapshot, _ source: any FrameSource) {
        // What a packet's process has done is told a moment later.
        if let feed, !isDone { feed.wait() }
        let isEnough = state.update { state in
            add(snapshot, time: snapshot.time, to: &state)
            return note(source, &state)
        }
        if isEnough { source.stop() }
    }

    private var isDone: Bool { state.withLock { $0.isDone } }

    /// The last packets, and what became of their source.
    func finish(_ snapshot: Snapshot, _ source: AnalysisSource) {
        state.update { state in
            let hasPackets = snapshot.results.contains { $0.totalPackets > 0 }
            if hasPackets, !state.isDone { add(snapshot, time: snapshot.time, to: &state) }
            state.isOver = true
            if !options.isInteractive { state.isDone = true }
            state.notes = source.captures.isEmpty ? ["the interfaces give nothing more"] : ["the capture has ended"]
            state.drawn = -1
        }
    }

    /// Nothing comes.
    func giveUp() { state.update { $0.isDone = true } }

    private func add(_ snapshot: Snapshot, time: Int64, to state: inout State) {
        guard !state.isDone, let result = snapshot.results.first else { return }
        var rows: [FlowRecord] = []
        result.rows.read(0..<result.rows.count, into: &rows)
        // The first interval begins with the first packet, or when somebody began to look.
        let begin = state.lastTime ?? rows.map(\.firstSeen).min() ?? time - options.interval
        let length = min(max(time - begin, options.interval / 100), options.interval)
        state.lastTime = time
        state.lastTaken = Clock.monotonicNanoseconds
        func fill(_ owners: (FlowRecord) -> FlowOwners, _ path: (UInt64) -> String?) {
            state.traffic.add(
                rows, bytes: result.totalBytes, packets: result.totalPackets,
                flowCount: UInt64(result.flowCount) + result.evictedFlows, time: time, nanoseconds: length,
                owners: owners, path: path)
        }
        if let feed {
            feed.ask { known in fill({ known.owners(of: $0.key, at: $0.lastSeen) }, { known.path(ofGroup: $0) }) }
        } else {
            fill({ _ in FlowOwners() }, { _ in nil })
        }
        show(&state)
    }

    /// An interval without any packet has no snapshot.
    private func addSilence(_ state: inout State) {
        let now = Clock.monotonicNanoseconds
        guard options.input.isLive, !state.isOver, !state.isDone, now - state.lastTaken > options.interval * 3 / 2
        else { return }
        state.lastTaken = now
        let time = (state.lastTime ?? Clock.wallNanoseconds) + options.interval
        state.lastTime = time
        state.traffic.add(
            [], bytes: 0, packets: 0, flowCount: 0, time: time, nanoseconds: options.interval,
            owners: { _ in FlowOwners() }, path: { _ in nil })
        show(&state)
    }

    /// Where there is no screen, the interval is printed at once.
    private func show(_ state: inout State) {
        state.number += 1
        guard !options.isInteractive else { return }
        var printer = TopPrinter(
            view: options.view, order: options.order, filter: options.find, limit: options.rows,
            title: options.input.name, width: Terminal.columns(1) ?? 132)
        printer.processNote = state.number == 1 && options.input.isLive ? processNote : nil
        var text = options.format == .ndjson ? printer.lines(state.traffic) : printer.table(state.traffic)
        if options.format == .table, state.number > 1 { text = "\n" + text }
        if !Self.write(Array(text.utf8)) || state.number == options.count { state.isDone = true }
    }

    /// - Returns: whether nobody wants more.
    private func note(_ source: any FrameSource, _ state: inout State) -> Bool {
        let progress = source.progress
        state.notes = progress.framesLost > 0 ? ["\(HumanUnits.grouped(progress.framesLost)) packets lost"] : []
        return state.isDone
    }

    private static func write(_ octets: [UInt8]) -> Bool {
        do throws(SystemFailure) {
            try DescriptorWriter(descriptor: 1, name: "standard output").write(octets.span)
            return true
        } catch {
            return false
        }
    }

    // MARK: - The screen

    /// Draws and reads keys until somebody wants to end.
    /// - Parameter link: to the other half: says to end, or is closed when that is gone.
    func run(_ link: Int32, _ source: any FrameSource) {
        var screen = TopScreen(
            title: options.input.name, view: options.view, order: options.order, filter: options.find, style: style)
        if options.isInteractive {
            TerminalKeys.begin()
            _ = Self.write(TopScreen.opening)
        }
        var size = (columns: 0, lines: 0)
        while !isDone {
            let descriptors = [link] + (options.isInteractive ? [0] : [])
            let readable = Descriptors.waitUntilReadable(descriptors, milliseconds: Self.waitMilliseconds)
            var isChanged = false
            if readable[0] { state.update { $0.isDone = true } }
            if readable.count > 1, readable[1] {
                let octets = TerminalKeys.read()
                if octets.isEmpty { state.update { $0.isDone = true } }
                state.withLock { state in
                    for key in TopKey.keys(in: octets) { screen.press(key, state.traffic) }
                }
                if screen.isDone { state.update { $0.isDone = true } }
                isChanged = true
            }
            state.withLock { addSilence(&$0) }
            guard options.isInteractive else { continue }
            let now = Terminal.size(1) ?? (80, 24)
            if now != size { (size, isChanged) = (now, true) }
            if isDone || !draw(&screen, size, isChanged: isChanged) { break }
        }
        state.update { $0.isDone = true }
        source.stop()
        if options.isInteractive {
            _ = Self.write(TopScreen.closing)
            TerminalKeys.restore()
        }
    }

    /// - Returns: false where the terminal is gone.
    private func draw(_ screen: inout TopScreen, _ size: (columns: Int, lines: Int), isChanged: Bool) -> Bool {
        let frame: [UInt8]? = state.withLock { state in
            guard isChanged || state.drawn != state.number else { return nil }
            state.drawn = state.number
            screen.notes = state.notes + (processNote.map { ["no processes: \($0)"] } ?? [])
            return screen.frame(state.traffic, columns: size.columns, lines: size.lines)
        }
        return frame.map(Self.write) ?? true
    }
}

extension OwnerFeed {
    fileprivate func wait() { _ = Monitor(()).wait(nanoseconds: Self.delayNanoseconds) { _ in Bool?.none } }
}
