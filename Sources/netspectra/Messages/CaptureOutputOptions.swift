import ArgumentParser
import Configuration
import Flows
import Outputs

/// Where packets are written, and when that goes on in another file.
struct CaptureOutputOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Also write what is said as TCP connections without TLS into this capture, for Wireshark and others; \
            nothing in it is redacted. It grows as it is written.
            """, valueName: "file"),
        completion: .file())
    var pcapng: String?

    @Option(
        help: ArgumentHelp(
            "Go on in another file before one gets larger, such as 100MiB; a number and a time is put into names.",
            valueName: "size"))
    var rotateSize: String?

    @Option(
        help: ArgumentHelp(
            "Go on in another file with the first packet so much later, such as 10m.", valueName: "time"))
    var rotateInterval: String?

    @Option(help: ArgumentHelp("Keep so many of these files, and remove older ones.", valueName: "number"))
    var rotateFiles: Int?

    private static let octetsMin: UInt64 = 4_096

    func validate() throws {
        let rotation = try rotation
        guard pcapng != nil else {
            guard !rotation.isActive, rotateFiles == nil else { throw ValidationError("files of what? Add --pcapng") }
            return
        }
        if pcapng == "-", rotation.isActive { throw ValidationError("standard output cannot be rotated: name a file") }
        if rotateFiles != nil, !rotation.isActive {
            throw ValidationError(
                "--rotate-files: when does another file begin? Add --rotate-size or --rotate-interval")
        }
    }

    var rotation: CaptureRotation {
        get throws {
            var rotation = CaptureRotation()
            if let rotateSize {
                guard let octets = ByteCountText.bytes(rotateSize), octets >= Self.octetsMin else {
                    throw ValidationError(
                        "--rotate-size: '\(rotateSize)' is no size of 4KiB or more; write it like 100MiB")
                }
                rotation.octetsMax = octets
            }
            if let rotateInterval {
                guard let nanoseconds = DurationText.nanoseconds(rotateInterval), nanoseconds > 0 else {
                    throw ValidationError(
                        "--rotate-interval: '\(rotateInterval)' is no duration; write it like 10m or 1h")
                }
                rotation.nanosecondsMax = nanoseconds
            }
            if let rotateFiles {
                guard 1...100_000 ~= rotateFiles else {
                    throw ValidationError("--rotate-files: \(rotateFiles) is not between 1 and 100000")
                }
                rotation.filesMax = rotateFiles
            }
            return rotation
        }
    }
}
