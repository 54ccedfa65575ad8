import Glibc
import Octets

extension String {
    /// What system calls take for a name: its octets (`SystemName`) with a NUL behind.
    public var systemName: [CChar] { SystemName.octets(self).map { CChar(bitPattern: $0) } + [0] }
}

extension SystemName {
    /// - Parameter name: ends with a NUL.
    static func text(_ name: UnsafePointer<CChar>) -> String {
        // SAFETY: strlen(3) finds the NUL that the caller vouches for; the octets before it are copied during the call.
        let octets = unsafe [UInt8](UnsafeRawBufferPointer(start: name, count: strlen(name)))
        return text(octets.span)
    }
}

/// The program's arguments.
public enum ProgramArguments {
    /// All but the program's own name, as `SystemName` has them: with every octet that they were given.
    public static var all: [String] {
        // SAFETY: the C runtime's list of `argc` NUL-terminated texts, which nobody changes.
        (0..<Int(CommandLine.argc)).dropFirst().compactMap { index in
            unsafe CommandLine.unsafeArgv[index].map { unsafe SystemName.text($0) }
        }
    }
}
