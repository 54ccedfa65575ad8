import AppProtocols
import Configuration
import KernelIO
import Outputs
import Pipeline

/// What a run that prints messages writes to, opened before anything is read; and its settings from a file.
///
/// With two processes both have it: the one that parses writes, the other one gives the files their names.
final class MessageOutputs {
    /// The files that are whole.
    struct Whole: OptionSet {
        let rawValue: UInt8
        static let messages = Whole(rawValue: 1)
        static let recording = Whole(rawValue: 2)
    }

    let redaction: RedactionSettings
    let messages: MessageOutput
    /// What all transactions come to.
    let totals = Monitor(TransactionTotals())
    private(set) var whole: Whole = []
    private var recording: OutputFile?
    /// Where `--pcapng` goes.
    let capture: CaptureOutput?

    /// - Parameter isSplit: another process writes, which may not open files.
    init(_ options: MessageOptions, isSplit: Bool = false) throws {
        redaction = try options.config.map { try AnalysisOptions.settings($0).redaction } ?? RedactionSettings()
        do throws(SystemFailure) {
            messages = try MessageOutput(
                options.output, heading: options.heading, totals: options.showsLiveTable ? totals : nil)
            if let path = options.record { recording = try OutputFile(path: path) } else { recording = nil }
        } catch {
            throw Exit.output(error)
        }
        capture = try CaptureOutput(options.capture, isSplit: isSplit)
    }

    func takeRecording() -> OutputFile? { recording.take() }

    func commitMessages() throws(SystemFailure) {
        try messages.commit()
        whole.insert(.messages)
    }

    func noteRecording() { whole.insert(.recording) }

    // MARK: - With two processes

    /// In the process that writes: the other one names the files.
    func leaveNames() {
        capture?.askOtherHalf()
        unnamed = [messages.leaveName(), recording?.leaveName()].compactMap(\.self)
    }

    /// Where octets are that nobody will give a name to, if the other process is gone.
    private(set) var unnamed: [String] = []

    var descriptors: [Int32] {
        [messages.descriptor, recording?.descriptor ?? -1].filter { $0 >= 0 } + (capture?.descriptors ?? [])
    }

    /// In the process that does not write: gives names to the files that the other one has made whole.
    func commit(_ whole: Whole) throws(SystemFailure) {
        if whole.contains(.messages) { try messages.commit() }
        if whole.contains(.recording), let recording = recording.take() { try recording.commit() }
    }
}
