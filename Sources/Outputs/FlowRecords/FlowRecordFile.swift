import Flows
import KernelIO
import Octets

/// Flow records as JSON Lines in a file, which appears whole once they are all in it, or on standard output, a pipe or
/// a device, as they end.
public final class FlowRecordFile: FlowRecordSink, @unchecked Sendable {
    public let name: String
    private let format = FlowRecordFormat()
    private let processes: FlowProcesses?
    private var file: OutputFile?
    private var buffer = OctetBuffer(capacity: FlowRecordFile.bufferOctets)
    private var buffered = 0
    private var written = 0
    private var hasFailed = false

    /// Octets that are written at a time.
    private static let bufferOctets = 128 << 10

    /// - Parameter processes: tells whose flows are; then each record says so.
    public init(_ file: consuming OutputFile, processes: FlowProcesses? = nil) {
        name = file.path
        self.file = consume file
        self.processes = processes
    }

    public func write(_ flows: [MeteredFlow], _ link: SinkLink) {
        let ends = processes?(flows)
        for (index, flow) in flows.enumerated() {
            format.append(flow, process: ends?[index].row, to: &buffer)
            buffered += 1
            if buffer.count >= Self.bufferOctets { flush(link) }
        }
    }

    public func flush(_ link: SinkLink) {
        guard buffered > 0 else { return }
        defer {
            buffered = 0
            buffer.removeAll()
        }
        guard !hasFailed else { return link.lost(buffered, cause: Self.cause) }
        do throws(SystemFailure) {
            try file?.write(buffer.octets)
            link.written(buffered)
            written += buffered
        } catch {
            fail(error, link)
            link.lost(buffered, cause: Self.cause)
        }
    }

    public func finish(_ link: SinkLink) {
        flush(link)
        guard !hasFailed, let file = file.take() else { return }
        do throws(SystemFailure) {
            try file.commit()
        } catch {
            fail(error, link)
            link.takeBack(written, cause: Self.cause)
        }
    }

    private static let cause = "could not be written"

    private func fail(_ failure: SystemFailure, _ link: SinkLink) {
        hasFailed = true
        file = nil
        link.failed(failure)
    }
}
