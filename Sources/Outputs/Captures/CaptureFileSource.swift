import KernelIO

/// Where a writer of captures gets its files from: it may have no right to open them itself.
public protocol CaptureFileSource: Sendable {
    /// Creates a file, and removes what is beyond the ring.
    /// - Parameter number: from 1, one more each time.
    func open(number: Int) throws(SystemFailure) -> GrowingFile
}

/// Files in a directory, named by `CaptureRotation`.
public final class CaptureFileFolder: CaptureFileSource {
    private let path: String
    private let rotation: CaptureRotation
    private let made: Monitor<[String]> = Monitor([])

    public init(path: String, rotation: CaptureRotation) {
        self.path = path
        self.rotation = rotation
    }

    public func open(number: Int) throws(SystemFailure) -> GrowingFile {
        let path = rotation.path(path, number: number, time: Clock.wallNanoseconds)
        let file = try GrowingFile(creating: path)
        let filesMax = rotation.isActive ? rotation.filesMax ?? .max : .max
        made.withLock { paths in
            paths.append(path)
            if paths.count > filesMax { FileTree.remove(paths.removeFirst()) }
        }
        return file
    }

    /// Those that are there, the oldest first.
    public var paths: [String] { made.withLock { $0 } }
}
