import KernelIO
import Outputs
import Pipeline

/// A line on standard error that tells how far a long run has come; nothing where that is no terminal.
final class ProgressMeter: Sendable {
    private let isDone = Monitor(false)
    /// Whether the line stands there.
    private let isShown = Monitor(false)
    private let thread: WorkerThread?

    /// Shown only once a run has lasted this long, and then this often.
    private static let periodNanoseconds: Int64 = 300_000_000

    init(isQuiet: Bool, of progress: @escaping @Sendable () -> SourceProgress) {
        guard !isQuiet, Terminal.isTerminal(2) else {
            thread = nil
            return
        }
        let (isDone, isShown) = (isDone, isShown)
        let start = Clock.monotonicNanoseconds
        thread = try? WorkerThread(name: "progress") {
            while isDone.wait(nanoseconds: Self.periodNanoseconds, { $0 ? true : nil }) == nil {
                let line = Self.line(progress(), after: Clock.monotonicNanoseconds - start)
                let columns = Terminal.columns(2) ?? 80
                isShown.withLock { isShown in
                    StandardError.write(Self.clearing + String(line.prefix(columns - 1)))
                    isShown = true
                }
            }
            if isShown.withLock({ $0 }) { StandardError.write(Self.clearing) }
        }
    }

    private static let clearing = "\r\u{1B}[K"

    /// Does what may write to the same terminal, with the line out of its way.
    func hidden(while body: () -> Void) {
        guard thread != nil else { return body() }
        isShown.withLock { isShown in
            if isShown { StandardError.write(Self.clearing) }
            isShown = false
            body()
        }
    }

    /// Clears the line.
    func end() {
        isDone.update { $0 = true }
        thread?.join()
    }

    private static func line(_ progress: SourceProgress, after nanoseconds: Int64) -> String {
        let seconds = max(Double(nanoseconds) / 1e9, 1e-3)
        let packets = Double(progress.frames) / seconds
        var parts = [HumanUnits.bytes(UInt64(progress.octetsRead))]
        if let all = progress.octetsInAll, all > 0 {
            let share = min(Double(progress.octetsRead) / Double(all), 1)
            parts[0] += " of \(HumanUnits.bytes(UInt64(all))) (\(Int(share * 100)) %)"
            if share > 0.01 {
                let left = UInt64(Double(nanoseconds) * (1 - share) / share)
                parts.append("\(HumanUnits.duration(left / 1_000_000_000 * 1_000_000_000)) left")
            }
        }
        parts.insert("\(HumanUnits.grouped(progress.frames)) packets", at: 1)
        parts.insert(HumanUnits.packetsPerSecond(packets), at: 2)
        if progress.framesLost > 0 { parts.append("\(HumanUnits.grouped(progress.framesLost)) lost") }
        return parts.joined(separator: ", ")
    }
}
