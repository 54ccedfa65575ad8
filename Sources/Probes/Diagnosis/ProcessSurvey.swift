import KernelIO

/// Looks into all running processes for what they speak TLS with.
public enum ProcessSurvey {
    private static let mapsOctetsMax = 16 << 20
    /// Octets of program files that are read in all: a look must not take minutes.
    private static let programOctetsMax: Int64 = 4 << 30

    public static func processes(_ modules: [ProbeModule]) -> [ProcessFacts] {
        var marks: [FileIdentity: ProgramMarks] = [:]
        var natives: [FileIdentity: Bool] = [:]
        var octetsLeft = programOctetsMax
        let own = UInt32(truncatingIfNeeded: Machine.processID)
        return LibraryFinder.runningProcesses().filter { $0 != own }.compactMap { pid in
            let folder = "/proc/\(pid)"
            guard let comm = try? InputFile.contents(of: folder + "/comm", atMost: 256) else { return nil }
            let name = String(decoding: comm.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            var facts = ProcessFacts(pid: pid, comm: name, maps: nil)
            do throws(SystemFailure) {
                facts.maps = try InputFile.contents(of: folder + "/maps", atMost: mapsOctetsMax)
            } catch {
                // It has ended meanwhile.
                return error.errno == 2 || error.errno == 3 ? nil : facts
            }
            facts.program = FileTree.linkTarget(folder + "/exe") ?? ""
            for mapping in ProcessMaps.executables(in: facts.maps ?? []) {
                let fileName = mapping.path.split(separator: "/").last ?? ""
                guard modules.contains(where: { $0.matches(fileName: fileName) }) else { continue }
                let path = mapping.location(in: pid)
                guard let identity = FileIdentity(of: path) else {
                    if LibraryFinder.hasEnded(pid) { return nil }
                    facts.unreachable.insert(mapping.shownPath)
                    continue
                }
                let isNative = natives[identity] ?? TracedFile.isNative(path) ?? true
                natives[identity] = isNative
                if !isNative { facts.foreign.insert(mapping.shownPath) }
            }
            guard let identity = FileIdentity(of: folder + "/exe") else { return facts }
            if let known = marks[identity] {
                facts.marks = known
            } else {
                octetsLeft -= InputFile.size(of: folder + "/exe") ?? 0
                facts.marks = octetsLeft > 0 ? ProgramMarks(of: folder + "/exe") : []
                marks[identity] = facts.marks
            }
            return facts
        }
    }
}
