import KernelIO

/// The frames of several files, one file after the other.
final class FileSequence: FrameStream {
    private let paths: [String]
    private var opened = 0
    private var reader: CaptureReader?
    private(set) var finished: [CaptureReport] = []
    private let sizes: SourceSizes
    /// Of the next file's reservations: no file's is another's.
    private var generation = 0

    private let keepsSecrets: Bool
    /// Of the files that are finished.
    private var secrets: [UInt8] = []

    init(paths: [String], keepsSecrets: Bool = false) {
        self.paths = paths
        self.keepsSecrets = keepsSecrets
        sizes = SourceSizes(paths: paths)
    }

    func takeSecrets() -> [UInt8] {
        defer { secrets = [] }
        return secrets + (reader?.takeSecrets() ?? [])
    }

    func next(_ batch: inout FrameBatch, before stop: Int64?) -> FrameTurn<Void> {
        while true {
            if reader == nil {
                guard opened < paths.count else { return .ended(()) }
                open(paths[opened])
                continue
            }
            switch reader!.next(&batch, before: stop) {
            case .frames: return .frames
            case .stopped(let time): return .stopped(at: time)
            case .idle(let file): return .idle(file)
            case .ended(let end):
                generation = (reader?.generation ?? 0) + 1
                finished.append(CaptureReport(reader!, end: end))
                secrets += reader!.takeSecrets()
                reader = nil
            }
        }
    }

    func reservePiece() -> ReservedPiece? { reader?.reservePiece() }

    func isTurn(of piece: ReservedPiece) -> Bool { reader?.isTurn(of: piece) ?? true }

    func voidReservations() { reader?.voidReservations() }

    private func open(_ path: String) {
        opened += 1
        do throws(InputFailure) {
            reader = try CaptureReader(path: path, generation: generation, keepsSecrets: keepsSecrets)
        } catch {
            finished.append(CaptureReport(path: path, unreadable: error))
        }
    }

    var reports: [CaptureReport] {
        if reader != nil { return finished + [CaptureReport(reader!, end: .stopped)] }
        return finished
    }

    var progress: SourceProgress {
        let current = reader?.input.octetsRead ?? 0
        return SourceProgress(
            octetsRead: finished.reduce(current) { $0 + $1.octetsRead }, octetsInAll: sizes.sum, frames: 0)
    }
}

/// The sizes of all files, asked once at the start.
struct SourceSizes {
    /// `nil` if one is not known.
    let sum: Int64?

    init(paths: [String]) {
        var sum: Int64? = 0
        for path in paths { sum = sum.flatMap { sum in InputFile.size(of: path).map { sum + $0 } } }
        self.sum = sum
    }
}
