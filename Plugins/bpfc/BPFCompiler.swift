import Foundation

/// `bpfc OUTPUT.swift NAME OBJECT CLANG ARGUMENT…`: runs clang, and writes the object as a Swift file. Part of the
/// build only (see `BPFCompile`), so Foundation does no harm here.
@main enum BPFCompiler {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 5 else { exit(64) }
        let (output, name, object) = (arguments[1], arguments[2], arguments[3])
        let clang = Process()
        clang.executableURL = URL(filePath: arguments[4])
        clang.arguments = arguments[5...] + ["-o", object]
        try clang.run()
        clang.waitUntilExit()
        guard clang.terminationStatus == 0 else { exit(1) }
        let octets = try Data(contentsOf: URL(filePath: object))
        let text = """
            /// The object that clang made of \(name).bpf.c, in base64.
            enum \(name.prefix(1).uppercased() + name.dropFirst())Object {
                static let base64: StaticString = "\(octets.base64EncodedString())"
            }

            """
        try text.write(toFile: output, atomically: true, encoding: .utf8)
    }
}
