import CaptureFiles
import KernelIO
import Outputs

/// Packets through the writer into a file of memory, comments and secrets included.
enum Writing {
    private static let packets = 2_000_000
    private static let goal = 1e6

    static func row() throws -> String {
        let path = "/dev/shm/netspectra-bench-\(Clock.monotonicNanoseconds).pcapng"
        defer { FileTree.remove(path) }
        var best = Double.infinity
        for _ in 0..<3 {
            let writer = try CaptureFileWriter(CaptureFileFolder(path: path, rotation: CaptureRotation()))
            var interface = CaptureInterface(linkType: 1)
            interface.name = "bench"
            let number = writer.addInterface(interface)
            let frame = [UInt8](repeating: 7, count: 200)
            var packet = CaptureFileWriter.Packet(interface: number, time: 0)
            packet.comment = Array("PID:4242, Comm:curl".utf8)
            let start = Clock.monotonicNanoseconds
            for index in 0..<packets {
                packet.time = Int64(index)
                packet.connection = index & 1_023
                writer.append(packet, frame.span)
            }
            writer.flush()
            best = min(best, Double(Clock.monotonicNanoseconds - start) / 1e9)
        }
        let rate = Double(packets) / best
        let text = (rate / 1e4).rounded() / 100
        return "| pcapng: packets of 200 octets with comments | \(text) M/s | ≥ 1 M/s | "
            + "\(rate >= goal ? "met" : "missed") |"
    }
}
