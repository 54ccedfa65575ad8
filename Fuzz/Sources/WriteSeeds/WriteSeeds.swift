import CaptureFiles
import CaptureTestSupport
import Foundation

/// Writes inputs for the fuzzers to start from: `WriteSeeds DIRECTORY` makes a folder per fuzzer in it.
@main
struct WriteSeeds {
    static func main() throws {
        guard CommandLine.arguments.count == 2 else {
            FileHandle.standardError.write(Data("usage: WriteSeeds DIRECTORY\n".utf8))
            exit(2)
        }
        let directory = URL(fileURLWithPath: CommandLine.arguments[1])
        try write(captures, to: directory.appendingPathComponent("FuzzCaptureParser"))
    }

    static func write(_ seeds: [String: [UInt8]], to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, octets) in seeds { try Data(octets).write(to: folder.appendingPathComponent(name)) }
    }

    static var captures: [String: [UInt8]] {
        var seeds: [String: [UInt8]] = [:]
        for order in [ByteOrder.littleEndian, .bigEndian] {
            for fraction in [SecondFraction.microseconds, .nanoseconds] {
                seeds["pcap-\(order)-\(fraction)"] = WrittenCapture.pcap(order, fraction, count: 3).octets
            }
            var modified = WrittenCapture.pcap(order, .microseconds, count: 3).octets
            modified.replaceSubrange(
                0..<4, with: order == .bigEndian ? [0xA1, 0xB2, 0xCD, 0x34] : [0x34, 0xCD, 0xB2, 0xA1])
            seeds["modified-\(order)"] = modified
            seeds["pcapng-\(order)"] = WrittenCapture.pcapng(order, skippedOctets: 8).octets
        }
        return seeds
    }
}
