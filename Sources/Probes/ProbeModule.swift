/// What one library offers to be probed. A value: nothing is loaded or attached by making one.
public struct ProbeModule: Equatable, Sendable {
    /// As people are shown it.
    public let name: String
    /// Names of its files (none: it is part of programs) up to `.so`: `libssl` stands for `libssl.so.3` and
    /// `libssl-3a5b.so.1.1`, not for `libssl3.so`.
    public let libraries: [String]
    public let functions: [FunctionSpec]
    /// Functions without all of which a file gives nothing; empty: those that are required say it.
    public let sources: Set<String>
    /// Alone it gives nothing: it tells what others need.
    public let isHelper: Bool

    public init(
        name: String, libraries: [String], functions: [FunctionSpec], sources: Set<String> = [], isHelper: Bool = false
    ) {
        self.name = name
        self.libraries = libraries
        self.functions = functions
        self.sources = sources
        self.isHelper = isHelper
    }

    /// It lies in programs, not in a library of its own.
    public var isInPrograms: Bool { libraries.isEmpty }

    /// Whether a file of this name is one of the module's libraries.
    public func matches(fileName: Substring) -> Bool {
        libraries.contains { library in
            guard fileName.hasPrefix(library) else { return false }
            let rest = fileName.dropFirst(library.count)
            guard rest.hasPrefix("-") else { return rest == ".so" || rest.hasPrefix(".so.") }
            // Copies that come with packages of other languages have a hash in their names.
            let hash = rest.dropFirst().prefix { $0.isHexDigit }
            let end = rest.dropFirst(1 + hash.count)
            return !hash.isEmpty && (end == ".so" || end.hasPrefix(".so."))
        }
    }
}
