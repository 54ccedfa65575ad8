import CaptureFiles
import KernelIO
import LiveCapture
import Outputs
import Pipeline

/// What `trace --mode pcapng` has open before it is two processes: the sockets that packets come from, and the file
/// that they go to.
final class PacketOutputs: TraceOutputs {
    let capture: CaptureOutput
    let source: LiveSource
    let filter: String
    let interfaces: [String]
    /// When counting began.
    let start: Int64
    /// What the sockets need to stay open, libpcap's own included.
    private let sockets: [Int32]

    init(_ packets: PacketTraceOptions, _ options: CaptureOutputOptions) throws {
        let before = Descriptors.open
        start = Clock.wallNanoseconds
        interfaces = packets.interface
        filter = packets.filter ?? ""
        do throws(InterfaceFailure) {
            source = try LiveSource(interfaces: interfaces, settings: packets.settings)
        } catch {
            if case .notPermitted = error { throw Exit.fail(Exit.notPermitted, "\(error)") }
            if case .filter = error { throw Exit.fail(Exit.usage, "--filter: \(error)") }
            throw Exit.fail(Exit.unavailable, "\(error)")
        }
        sockets = Descriptors.open.subtracting(before).sorted()
        guard let capture = try CaptureOutput(options, isSplit: true) else { throw Exit.usage }
        self.capture = capture
    }

    var descriptors: [Int32] { sockets + capture.descriptors }

    // MARK: - In the half that does not write

    var drawsTable: Bool { false }
    /// The capture grows under its own name.
    func commit(_ whole: MessageOutputs.Whole) {}
    var questions: Int32 { capture.questions }
    func answer() { capture.answer() }
    func close() { source.close() }
}
