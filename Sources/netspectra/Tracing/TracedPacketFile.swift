import CaptureFiles
import Outputs
import Pipeline

/// Writes packets and secrets into a capture.
struct TracedPacketFile: TracedPacketSink {
    let writer: CaptureFileWriter
    private let interfaces: [UInt32]

    init(_ writer: CaptureFileWriter, _ reports: [InterfaceReport], filter: String) {
        self.writer = writer
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

    /// What interfaces have counted. What they dropped themselves is not said: a confined process cannot know.
    func note(_ reports: [InterfaceReport], at time: Int64) {
        for (index, report) in reports.enumerated() {
            var counters = InterfaceCounters()
            counters.received = report.counters.received
            counters.droppedBySystem = report.counters.dropped
            counters.delivered = report.frames
            writer.set(counters, of: interfaces[index], at: time)
        }
    }
}
