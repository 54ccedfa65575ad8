import KernelIO

/// A library or program file to be probed.
public struct TracedFile: Sendable {
    private let held: HeldFile
    /// Where its own processes see it.
    public let shownPath: String
    /// Whose library it is.
    public let module: ProbeModule
    /// Processes that have it mapped; empty: none yet.
    public internal(set) var pids: [UInt32]

    init(_ held: HeldFile, shownPath: String, module: ProbeModule, pids: [UInt32]) {
        self.held = held
        self.shownPath = shownPath
        self.module = module
        self.pids = pids
    }

    /// Where it can be opened from here, in whatever mount namespace its processes are, and when they have ended.
    public var path: String { held.path }
    public var identity: FileIdentity { held.identity }

    /// Whether programs of this machine run on this processor, of 64 bits: in others arguments lie elsewhere.
    /// - Returns: `nil` where the file is no ELF file at all.
    static func isNative(_ path: String) -> Bool? {
        var start = [UInt8](repeating: 0, count: 20)
        guard let file = try? InputFile(path: path), file.size != nil else { return nil }
        var span = start.mutableSpan
        guard (try? file.read(into: &span, 0..<20, at: 0)) == 20, start[0...3] == [0x7F, 0x45, 0x4C, 0x46] else {
            return nil
        }
        #if arch(arm64)
        let machine: UInt8 = 183  // EM_AARCH64
        #else
        let machine: UInt8 = 62  // EM_X86_64
        #endif
        return start[4] == 2 && start[18] == machine && start[19] == 0  // ELFCLASS64
    }
}
