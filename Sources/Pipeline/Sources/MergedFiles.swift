import CaptureFiles
import KernelIO

/// The frames of several files in order of time; equal times in the order of the files.
///
/// Each file's frames keep their order, so a file whose times step back stays as it is. All files are open at once.
final class MergedFiles: FrameStream {
    private var files: [OpenFile] = []
    private let sizes: SourceSizes
    /// Indices of files that have a frame waiting: a binary heap, the earliest first.
    private var heap: [Int] = []
    /// Indices of files of which it is not known yet which frame comes next.
    private var unready: [Int] = []
    private var isOpened = false
    private let paths: [String]
    private let keepsSecrets: Bool

    init(paths: [String], keepsSecrets: Bool = false) {
        self.paths = paths
        self.keepsSecrets = keepsSecrets
        sizes = SourceSizes(paths: paths)
    }

    func next(_ batch: inout FrameBatch, before stop: Int64?) -> FrameTurn<Void> {
        if !isOpened { open() }
        batch.frames.removeAll()
        var filled = 0
        while !batch.frames.isFull {
            // Any file's next frame may be the earliest.
            while let index = unready.last {
                if let idle = files[index].refill() { return batch.frames.isEmpty ? .idle(idle) : .frames }
                unready.removeLast()
                if files[index].isWaiting { insert(index) }
            }
            guard let first = heap.first else { break }
            let file = files[first]
            if let stop, file.time >= stop {
                return batch.frames.isEmpty ? .stopped(at: file.time) : .frames
            }
            let octets = file.capturedLength
            if filled + octets > batch.window.count {
                if filled > 0 { return .frames }
                batch.window.grow(to: octets)
            }
            file.copyFrame(to: filled, of: &batch)
            filled += octets
            if file.advance() {
                siftDown(0)
            } else {
                unready.append(first)
                removeFirst()
            }
        }
        return batch.frames.isEmpty ? .ended(()) : .frames
    }

    private func open() {
        isOpened = true
        files = paths.map { OpenFile(path: $0, keepsSecrets: keepsSecrets) }
        unready = files.indices.reversed()
    }

    private func insert(_ index: Int) {
        heap.append(index)
        var child = heap.count - 1
        while child > 0, isBefore(heap[child], heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        files[a].time != files[b].time ? files[a].time < files[b].time : a < b
    }

    private func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        siftDown(0)
    }

    private func siftDown(_ start: Int) {
        var parent = start
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if isBefore(heap[child], heap[smallest]) { smallest = child }
            }
            if smallest == parent { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }

    func takeSecrets() -> [UInt8] { files.flatMap { $0.takeSecrets() } }

    var reports: [CaptureReport] { files.compactMap { $0.report ?? $0.unfinishedReport } }

    var progress: SourceProgress {
        SourceProgress(octetsRead: files.reduce(0) { $0 + $1.octetsRead }, octetsInAll: sizes.sum, frames: 0)
    }
}

/// One of the files being merged, and where it stands.
private final class OpenFile {
    private var reader: CaptureReader?
    private var batch = FrameBatch()
    private var position = 0
    /// Set once the file has ended.
    private(set) var report: CaptureReport?
    /// Of the frame that waits.
    private(set) var time: Int64 = 0
    private(set) var capturedLength = 0

    private var secrets: [UInt8] = []

    init(path: String, keepsSecrets: Bool) {
        do throws(InputFailure) {
            reader = try CaptureReader(path: path, keepsSecrets: keepsSecrets)
        } catch {
            report = CaptureReport(path: path, unreadable: error)
        }
    }

    var unfinishedReport: CaptureReport? {
        if reader != nil { return CaptureReport(reader!, end: .stopped) }
        return nil
    }

    var isWaiting: Bool { position < batch.frames.count }
    var octetsRead: Int64 { report?.octetsRead ?? reader?.input.octetsRead ?? 0 }

    /// Goes to the next frame; `false` if the batch has no more.
    func advance() -> Bool {
        position += 1
        if isWaiting { look() }
        return isWaiting
    }

    /// Takes the next batch, if there is one. Returns the pipe if it has nothing just now.
    func refill() -> SharedInputFile? {
        position = 0
        guard reader != nil else { return nil }
        switch reader!.next(&batch) {
        case .frames, .stopped: look()
        case .idle(let file): return file
        case .ended(let end):
            report = CaptureReport(reader!, end: end)
            secrets = reader!.takeSecrets()
            reader = nil
        }
        return nil
    }

    private func look() {
        let frame = batch.frames.span[position]
        time = frame.time
        capturedLength = Int(frame.capturedLength)
    }

    func takeSecrets() -> [UInt8] {
        defer { secrets = [] }
        return secrets + (reader?.takeSecrets() ?? [])
    }

    func copyFrame(to offset: Int, of target: inout FrameBatch) {
        batch.copyFrame(position, to: offset, of: &target)
    }
}

extension FrameBatch {
    /// Copies a frame's octets into another batch's window, and adds it to its frames.
    fileprivate func copyFrame(_ position: Int, to offset: Int, of target: inout FrameBatch) {
        var frame = frames.span[position]
        let octets = Int(frame.offset)..<Int(frame.offset) + Int(frame.capturedLength)
        target.window.replace(at: offset, with: window.span.extracting(octets))
        frame.offset = UInt32(truncatingIfNeeded: offset)
        target.frames.append(frame)
    }
}
