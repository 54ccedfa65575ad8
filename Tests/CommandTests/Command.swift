import Foundation
import TestSupport

/// The built program, run as a user runs it.
enum Command {
    /// What a run left.
    struct Outcome {
        var output: Data
        var errors: String
        /// The exit code, or 128 and the signal that ended it.
        var code: Int32

        var text: String { String(decoding: output, as: UTF8.self) }
        var lines: [String] { text.split(separator: "\n").map(String.init) }
    }

    /// Beside the test bundle, where the build puts it.
    static let program: URL = {
        var folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        if let bundle = CommandLine.arguments.first(where: { $0.hasSuffix(".xctest") }) {
            folder = URL(filePath: bundle).resolvingSymlinksInPath().deletingLastPathComponent()
        }
        return folder.appending(path: "netspectra")
    }()

    /// The work tree.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Relative to `root`, where programs run: it stands in outputs.
    static let sample = "Examples/sample.pcapng"

    static func run(
        _ arguments: String..., input: Data? = nil, environment: [String: String] = [:], folder: URL = root
    ) throws -> Outcome {
        try run(arguments, input: input, environment: environment, folder: folder)
    }

    static func run(
        _ arguments: [String], input: Data? = nil, environment: [String: String] = [:], folder: URL = root
    ) throws -> Outcome {
        try Golden.withTemporaryDirectory { scratch in
            // Files rather than pipes: nothing has to be read while it runs.
            let process = Process()
            process.executableURL = program
            process.arguments = arguments
            process.currentDirectoryURL = folder
            process.environment = environment
            let (output, errors) = (URL(filePath: scratch + "/out"), URL(filePath: scratch + "/err"))
            try Data().write(to: output)
            try Data().write(to: errors)
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = try FileHandle(forWritingTo: errors)
            process.standardInput = FileHandle.nullDevice
            if let input {
                let file = URL(filePath: scratch + "/in")
                try input.write(to: file)
                // Long ago: where the system does not tell who writes a file, its age does.
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: file.path)
                process.standardInput = try FileHandle(forReadingFrom: file)
            }
            try process.run()
            process.waitUntilExit()
            let signal: Int32 = process.terminationReason == .uncaughtSignal ? 128 : 0
            return Outcome(
                output: try Data(contentsOf: output),
                errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self),
                code: signal + process.terminationStatus)
        }
    }

    /// A line of a shell, for pipes and redirections; `$N` is the program.
    static func shell(_ script: String, folder: URL = root) throws -> Outcome {
        try Golden.withTemporaryDirectory { scratch in
            let process = Process()
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = ["-c", script]
            process.currentDirectoryURL = folder
            process.environment = ["N": program.path, "PATH": "/usr/bin:/bin"]
            let (output, errors) = (URL(filePath: scratch + "/out"), URL(filePath: scratch + "/err"))
            try Data().write(to: output)
            try Data().write(to: errors)
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = try FileHandle(forWritingTo: errors)
            process.standardInput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            return Outcome(
                output: try Data(contentsOf: output),
                errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self),
                code: process.terminationStatus)
        }
    }

    /// Says which of these programs is not installed; `nil`: all are. One by one, as a shell that is asked for several
    /// is content with any.
    static func absent(_ programs: String...) -> String? {
        for name in programs where (try? shell("PATH=$PATH:/usr/sbin command -v \(name)").code) != 0 {
            return "\(name) is not installed"
        }
        return nil
    }

    /// A directory of its own for a test.
    static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        try Golden.withTemporaryDirectory { try body(URL(filePath: $0, directoryHint: .isDirectory)) }
    }

    /// A file's octets in the work tree.
    static func contents(_ path: String) throws -> Data { try Data(contentsOf: root.appending(path: path)) }
}

/// An object of a JSON text, looked into by names.
struct JSON {
    var value: Any?

    init(_ value: Any?) { self.value = value }
    init(parsing text: some StringProtocol) throws {
        value = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }

    subscript(name: String) -> JSON { JSON((value as? [String: Any])?[name]) }
    subscript(index: Int) -> JSON { JSON((value as? [Any])?[index]) }
    var array: [JSON] { (value as? [Any])?.map(JSON.init) ?? [] }
    var names: Set<String> { Set((value as? [String: Any])?.keys.map(\.self) ?? []) }
    var int: Int? { (value as? NSNumber)?.intValue }
    var bool: Bool? { (value as? NSNumber)?.boolValue }
    var string: String? { value as? String }
    var exists: Bool { value != nil }
}
