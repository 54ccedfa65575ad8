import CaptureFiles
import Events
import KernelIO
import Octets
import Outputs
import Pipeline

/// Where `--pcapng` puts what was said: TCP connections without TLS, for programs that read captures.
final class PlaintextFile: EventObserver {
    private final class Contents {
        var conversations: PlaintextConversations
        let writer: CaptureFileWriter
        let interface: UInt32

        init(_ writer: CaptureFileWriter, _ connectionsMax: Int) {
            conversations = PlaintextConversations(connectionsMax: connectionsMax)
            self.writer = writer
            var description = CaptureInterface(linkType: 1)
            description.name = "plaintext"
            description.details = "what was said, in connections made of it"
            interface = writer.addInterface(description)
        }
    }

    private let contents: Monitor<Contents>

    init(_ writer: sending CaptureFileWriter, connectionsMax: Int) {
        contents = Monitor(Contents(writer, connectionsMax))
    }

    func observe(_ head: EventHead, _ payload: Span<UInt8>) throws(SystemFailure) {
        try contents.withLock { (contents) throws(SystemFailure) in
            let (writer, interface) = (contents.writer, contents.interface)
            contents.conversations.take(head, payload) { frame in
                var packet = CaptureFileWriter.Packet(interface: interface, time: frame.time)
                packet.comment = frame.comment
                packet.flags = frame.direction == .received ? 1 : 2
                writer.append(packet, frame.octets)
            }
            if let failure = writer.failure { throw failure }
        }
    }

    /// Ends the file.
    func close() throws(SystemFailure) {
        try contents.withLock { (contents) throws(SystemFailure) in try contents.writer.close() }
    }

    /// What became of the packets that were made.
    var stage: LedgerReport.Stage {
        contents.withLock { contents in
            var stage = LedgerReport.Stage.packets(contents.writer.counts)
            let behind = contents.conversations.octetsBehindEnd
            if behind > 0 { stage.noted.append(.init("octets behind the end of their direction", behind)) }
            return stage
        }
    }
}

extension LedgerReport.Stage {
    /// What became of packets that were given to a writer of captures.
    static func packets(_ counts: CaptureFileWriter.Counts) -> Self {
        var noted: [LedgerReport.Cause] = [
            .init("removed with old files", counts.removed), .init("files", UInt64(counts.files)),
            .init("octets of secrets forgotten for room", counts.forgottenSecretsOctets),
        ]
        noted.removeAll { $0.count == 0 }
        return .init(
            name: "pcapng", unit: "packets", seen: counts.packets, delivered: counts.written, filtered: [],
            lost: counts.lost > 0 ? [.init("not written", counts.lost)] : [], noted: noted)
    }
}

extension MessageOutputs {
    /// - Returns: `nil` where none is asked for.
    func makePlaintextFile(connectionsMax: Int) throws -> PlaintextFile? {
        guard let capture else { return nil }
        do throws(SystemFailure) {
            return PlaintextFile(
                try CaptureFileWriter(capture, rotation: capture.rotation), connectionsMax: connectionsMax)
        } catch {
            throw Exit.output(error)
        }
    }
}
