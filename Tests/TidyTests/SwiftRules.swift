/// The rules of style for Swift sources. Each takes a file and gives the places where it is broken.
enum SwiftRules {
    /// The half that takes values and gives values: no files, sockets, clocks, threads; no `unsafe`.
    static let pureTargets: Set = [
        "Octets", "Headers", "CaptureFiles", "Flows", "Sketches", "Streams", "Events", "AppProtocols", "Synthesis",
        "IPFIX", "Sockets", "TLS", "Alerts",
    ]

    /// Headers in C that the pure half may import: what they do has no effect but on speed.
    static let effectlessModules: Set = ["CPrefetch"]

    /// The few places that map memory or call C.
    static let unsafeFolders = [
        "Sources/KernelIO/", "Sources/ContentCodings/", "Sources/Cryptography/", "Sources/Configuration/YAML/",
        "Sources/LiveCapture/", "Sources/Probes/Kernel/", "Sources/Storage/SQLite/", "Sources/Storage/ClickHouse/",
        "Sources/Transfers/",
    ]

    /// What comes with the toolchain and any machine target may import.
    static let toolchainModules: Set = ["Swift", "Synchronization", "Glibc"]

    /// Each module from elsewhere or in C, and the targets that may import it: one, so that replacing it stays cheap.
    /// System and Collections are vocabulary (descriptors, queues) that machine targets pass to each other.
    static let thirdPartyModules: [String: Set<String>] = [
        "ArgumentParser": ["netspectra"],
        "CBrotli": ["ContentCodings"],
        "CCrypto": ["Cryptography"],
        "CCurl": ["Transfers"],
        "CKernelIO": ["KernelIO"],
        "CLibBPF": ["Probes"],
        "CPcap": ["LiveCapture"],
        "CPrefetch": ["Sketches"],
        "CProbeRecords": ["Probes"],
        "CSQLite": ["Storage"],
        "CYAML": ["Configuration"],
        "CZlib": ["ContentCodings"],
        "CZstd": ["ContentCodings"],
        "Logging": ["netspectra"],
        "SwiftProtobuf": ["Outputs"],
        "SystemPackage": ["KernelIO", "Pipeline", "Outputs", "Configuration", "netspectra"],
        "BasicContainers": ["Pipeline", "Outputs"],
        "Collections": ["Pipeline", "Outputs"],
        "DequeModule": ["Pipeline"],
        "HeapModule": ["Pipeline"],
    ]

    static let maxLines = 600
    static let maxColumns = 120
    /// How many lines above a use of `unsafe` its justification may stand, and how many below: one comment serves the
    /// lines around it that do one thing.
    static let safetyCommentReach = (above: 12, below: 4)

    static func unsafeStaysHome(_ file: SourceFile) -> [Violation] {
        if unsafeFolders.contains(where: file.path.hasPrefix) { return [] }
        return linesWithUnsafe(file).map {
            Violation(file, $0, "`unsafe` outside \(unsafeFolders): give the operation a safe name there")
        }
    }

    static func unsafeIsJustified(_ file: SourceFile) -> [Violation] {
        linesWithUnsafe(file).compactMap { number in
            let first = max(0, number - 1 - safetyCommentReach.above)
            let around = file.lines[first..<min(number + safetyCommentReach.below, file.lines.count)]
            if around.contains(where: { $0.contains("SAFETY:") }) { return nil }
            return Violation(file, number, "`unsafe` without a `SAFETY:` comment nearby that says why it is sound")
        }
    }

    private static func linesWithUnsafe(_ file: SourceFile) -> [Int] {
        file.code.enumerated().compactMap { $1.contains(/\bunsafe\b/) ? $0 + 1 : nil }
    }

    static func pureImportsPure(_ file: SourceFile) -> [Violation] {
        guard let target = file.target, pureTargets.contains(target) else { return [] }
        let allowed = pureTargets.union(effectlessModules)
        return file.imports.filter { !allowed.contains($0.module) }.map {
            Violation(file, $0.line, "\(target) is pure and imports \($0.module): pass a value in instead")
        }
    }

    static func importsAreListed(_ file: SourceFile, siblings: Set<String>) -> [Violation] {
        guard let target = file.target else { return [] }
        return file.imports.compactMap { line, module in
            if siblings.contains(module) || toolchainModules.contains(module) { return nil }
            if module.hasPrefix("Foundation") {
                return Violation(file, line, "Foundation costs every start tens of milliseconds: use SystemPackage")
            }
            guard let allowed = thirdPartyModules[module] else {
                return Violation(file, line, "\(module) is in no table: add it to `SwiftRules.thirdPartyModules`")
            }
            if allowed.contains(target) { return nil }
            return Violation(file, line, "\(module) is imported by \(allowed.sorted()) only, not by \(target)")
        }
    }

    static func isShort(_ file: SourceFile) -> [Violation] {
        guard file.lines.count > maxLines else { return [] }
        return [Violation(file, maxLines + 1, "\(file.lines.count) lines, more than \(maxLines): cut it in two")]
    }

    static func linesFit(_ file: SourceFile) -> [Violation] {
        file.lines.enumerated().compactMap { index, line in
            guard line.count > maxColumns else { return nil }
            return Violation(file, index + 1, "\(line.count) columns, more than \(maxColumns)")
        }
    }

    static func leavesNoMarks(_ file: SourceFile) -> [Violation] {
        file.lines.enumerated().compactMap { index, line in
            guard line.contains(/\b(TODO|FIXME|XXX)\b/) else { return nil }
            return Violation(file, index + 1, "a mark for later: do it now, or write an issue")
        }
    }
}
