import KernelIO
import Outputs

/// The files of a capture that is being written. The first one is open before anything is read; later ones are opened
/// here, or where this process may not, by the other half of a trace.
final class CaptureOutput: CaptureFileSource {
    private final class State {
        var first: GrowingFile?
        /// Where the half that writes asks for a file, and where it is answered.
        var ends: (asking: MessageSocket, answering: MessageSocket)?
        var isAsking = false
        /// Of the file opened last.
        var number = 1

        init(_ first: consuming GrowingFile) { self.first = consume first }
    }

    let rotation: CaptureRotation
    private let path: String
    private let folder: CaptureFileFolder
    private let state: Monitor<State>

    /// - Parameter isSplit: another process writes, which may not open files.
    init?(_ options: CaptureOutputOptions, isSplit: Bool) throws {
        guard let path = options.pcapng else { return nil }
        self.path = path
        rotation = try options.rotation
        folder = CaptureFileFolder(path: path, rotation: rotation)
        do throws(SystemFailure) {
            let state = State(try folder.open(number: 1))
            if isSplit, rotation.isActive { state.ends = try MessageSocket.makePair() }
            self.state = Monitor(state)
        } catch {
            throw Exit.output(error)
        }
    }

    func open(number: Int) throws(SystemFailure) -> GrowingFile {
        var first: GrowingFile?
        let isAsking = state.withLock { state in
            first = state.first.take()
            return state.isAsking
        }
        if let first = consume first { return first }
        guard isAsking else { return try folder.open(number: number) }
        let (path, descriptor) = try state.withLock { (state) throws(SystemFailure) in try ask(state) }
        return GrowingFile(adopting: descriptor, path: path)
    }

    private func ask(_ state: State) throws(SystemFailure) -> (path: String, descriptor: Int32) {
        state.ends?.asking.write([1])
        guard let (octets, descriptor) = state.ends?.asking.receive(atMost: Self.answerOctetsMax) else {
            throw SystemFailure(operation: "create", path: path, errno: Self.noOtherHalf)
        }
        guard let descriptor else {
            throw SystemFailure(operation: "create", path: path, errno: octets.first.map { Int32($0) } ?? 0)
        }
        return (String(decoding: octets, as: UTF8.self), descriptor)
    }

    /// ECHILD: there is no process to ask.
    private static let noOtherHalf: Int32 = 10
    private static let answerOctetsMax = 4_096

    // MARK: - With two processes

    /// In the process that writes: what it needs when everything else is closed.
    var descriptors: [Int32] {
        state.withLock { state in
            [state.first?.descriptor ?? -1, state.ends?.asking.descriptor ?? -1].filter { $0 >= 0 }
        }
    }

    /// In the process that writes and may open nothing.
    func askOtherHalf() { state.withLock { $0.isAsking = true } }

    /// In the other process: what is readable when a file is asked for; -1: none will be.
    var questions: Int32 { state.withLock { $0.ends?.answering.descriptor ?? -1 } }

    /// In the other process: takes a question, and answers it.
    func answer() {
        state.withLock { state in
            guard let socket = state.ends?.answering, socket.receive(atMost: 1) != nil else { return }
            state.number += 1
            do throws(SystemFailure) {
                let file = try folder.open(number: state.number)
                try socket.send(Array(file.path.utf8.prefix(Self.answerOctetsMax)), descriptor: file.descriptor)
            } catch {
                try? socket.send([UInt8(truncatingIfNeeded: error.errno)])
            }
        }
    }
}
