import CaptureFiles
import Outputs
import Pipeline

/// Writes packets and secrets into a capture.
struct TracedPacketFile: TracedPacketSink {
    let writer: CaptureFileWriter
    private let interfaces: [UInt32]
    private let hasFilter: Bool
    private let start: Int64

    /// - Parameter start: since when packets are counted; nanoseconds since 1970.
    init(_ writer: CaptureFileWriter, _ reports: [InterfaceReport], filter: String, start: Int64) {
        self.writer = writer
        self.start = start
        hasFilter = !filter.isEmpty
        interfaces = reports.map { report in
            var description = CaptureInterface(linkType: report.linkType)
            description.name = report.name
            description.filter = filter
            description.operatingSystem = "Linux"
            return writer.addInterface(description)
        }
    }

    mutating func packet(_ octets: Span<UInt8>, _ frame: FrameRecord, connection: Int?, comment: [UInt8]) {
        var packet = CaptureFileWriter.Packet(
            interface: interfaces[Int(frame.interface)], time: frame.time, wireLength: frame.wireLength)
        packet.connection = connection
        packet.comment = comment
        writer.append(packet, octets)
    }

    mutating func secrets(_ lines: Span<UInt8>, of connection: Int) { writer.add(secrets: lines, of: connection) }

    mutating func forget(connection: Int) { writer.forget(connection: connection) }

    /// What interfaces have counted. Of packets that the filter kept away the kernel does not tell how many there were.
    func note(_ reports: [InterfaceReport], at time: Int64) {
        for (index, report) in reports.enumerated() {
            var counters = InterfaceCounters()
            counters.startTime = start
            counters.endTime = time
            counters.received = hasFilter ? nil : report.counters.received
            counters.droppedByInterface = report.droppedByInterface
            counters.acceptedByFilter = report.counters.received
            counters.droppedBySystem = report.counters.dropped
            counters.delivered = report.frames
            writer.set(counters, of: interfaces[index], at: time)
        }
    }
}
