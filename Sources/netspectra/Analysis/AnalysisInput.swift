import ArgumentParser
import Flows
import KernelIO
import LiveCapture
import Outputs
import Pipeline

/// Where a run's packets come from.
enum AnalysisInput {
    /// - speed: seconds of the captures per second; `nil` for as fast as can be.
    case files([String], merge: Bool, speed: Double?, duration: Int64? = nil)
    case interfaces([String], InterfaceSettings, limit: UInt64?, duration: Int64?)

    var isLive: Bool { if case .interfaces = self { true } else { false } }

    /// What --speed says: seconds of the capture per second; `nil` for as fast as can be.
    static func pace(_ text: String) throws -> Double? {
        if text == "max" { return nil }
        guard text.hasSuffix("x"), let factor = Double(text.dropLast()), factor >= 0.001, factor <= 1e6 else {
            throw ValidationError("--speed: '\(text)' is neither max nor a multiple like 1x, 10x or 0.5x")
        }
        return factor
    }

    /// Workers that are needed at least.
    var fanout: Int { if case .interfaces(_, let settings, _, _) = self { settings.fanout } else { 1 } }

    /// What becomes of a snapshot that a slow writer has no room for: captures can wait, what is live cannot.
    var overflow: QueuedWriter.Overflow { isLive ? .drop : .wait }

    /// For people.
    var name: String {
        switch self {
        case .files(let names, _, _, _), .interfaces(let names, _, _, _): names.joined(separator: " ")
        }
    }

    /// What is said at the start where that is of use.
    var greeting: String? {
        guard case .interfaces(let names, _, let limit, let duration) = self else { return nil }
        let end = limit == nil && duration == nil ? "; Ctrl-C ends it" : ""
        return "capturing on \(names.joined(separator: ", "))\(end)"
    }

    /// Nanoseconds after which to stop.
    var duration: Int64? {
        switch self {
        case .files(_, _, _, let duration), .interfaces(_, _, _, let duration): duration
        }
    }

    /// Opens interfaces; files are opened when their turn comes.
    ///
    /// - Parameter cutsSilence: live, an interval without a packet gives a snapshot, too.
    /// - Throws: `ExitCode` once a message has been printed, `ValidationError` for a filter that cannot be read.
    func open(
        interval: Int64?, clock: CaptureSource.SnapshotClock, cutsSilence: Bool = false
    ) throws -> AnalysisSource {
        switch self {
        case .files(let paths, let merge, let speed, _):
            if merge { try Self.makeRoom(merging: paths.count) }
            return .captures(
                CaptureSource(paths: paths, merge: merge, interval: interval, clock: clock, speed: speed))
        case .interfaces(let names, let settings, let limit, _):
            do throws(InterfaceFailure) {
                return .live(
                    try LiveSource(
                        interfaces: names, settings: settings, interval: interval, cutsSilence: cutsSilence,
                        limit: limit
                    ) {
                        StandardError.write("netspectra: \($0): \($1)\n")
                    })
            } catch {
                throw Self.exit(error)
            }
        }
    }

    /// Descriptors that are needed besides those of merged files: standard streams, wake-ups, a few outputs.
    private static let descriptorsBesides = 32

    /// Merged files are all open at once.
    /// - Throws: `ExitCode` once it was said that there may not be so many.
    static func makeRoom(merging files: Int) throws {
        let needed = files + descriptorsBesides
        let limit = Descriptors.raiseLimit(to: needed + SnapshotDirectoryWriter.shardsMax)
        guard limit < needed else { return }
        throw Exit.fail(
            Exit.cannotOpen,
            "--merge: \(files) files are open at once, and with what else is needed that is more than the \(limit) "
                + "descriptors that this process may have (ulimit -Hn)")
    }

    private static func exit(_ failure: InterfaceFailure) -> any Error {
        switch failure {
        case .filter: return ValidationError("--filter: \(failure)")
        case .noSuchInterface(let name): return unknown(name)
        case .notPermitted(let name):
            // The system says so also of interfaces that are not there.
            if let names = try? names, !names.contains(name) { return unknown(name) }
            return Exit.fail(Exit.notPermitted, "\(failure)")
        case .isDown, .other: return Exit.fail(Exit.cannotOpen, "\(failure)")
        }
    }

    private static func unknown(_ name: String) -> ExitCode {
        let nearest = (try? names).map { NearestName.hint(name, among: $0) } ?? ""
        return Exit.fail(
            Exit.cannotOpen, "\(InterfaceFailure.noSuchInterface(name))\(nearest); --list-interfaces prints all")
    }

    private static var names: [String] {
        get throws(InterfaceFailure) { try NetworkInterface.all().map(\.name) }
    }
}

/// An input that was opened.
enum AnalysisSource {
    case captures(CaptureSource)
    case live(LiveSource)

    var frames: any FrameSource {
        switch self {
        case .captures(let source): source
        case .live(let source): source
        }
    }

    /// What became of the files so far.
    var captures: [CaptureReport] { if case .captures(let source) = self { source.reports } else { [] } }

    /// What became of the interfaces so far.
    var interfaces: [InterfaceReport] { if case .live(let source) = self { source.reports } else { [] } }
}
