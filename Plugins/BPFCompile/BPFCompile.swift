import Foundation
import PackagePlugin

/// Compiles a target's `BPF/*.bpf.c` with the toolchain's own clang and embeds each object in a Swift file, so that the
/// program is one file and no binary lies in the repository.
@main struct BPFCompile: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
        let folder = target.directoryURL.appending(path: "BPF")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
        let records = context.package.directoryURL.appending(path: "Sources/C/CProbeRecords")
        let headers =
            files.filter { $0.pathExtension == "h" }
            + ["probe_records.h", "owner_records.h"].map { records.appending(path: $0) }
        let clang = try context.tool(named: "clang").url
        let compiler = try context.tool(named: "bpfc").url
        return files.filter { $0.lastPathComponent.hasSuffix(".bpf.c") }.map { source in
            let name = source.lastPathComponent.replacingOccurrences(of: ".bpf.c", with: "")
            let object = context.pluginWorkDirectoryURL.appending(path: "\(name).bpf.o")
            let swift = context.pluginWorkDirectoryURL.appending(path: "\(name).bpf.swift")
            // The object is not listed as an output: it would become a resource of the target.
            return .buildCommand(
                displayName: "Compiling BPF program \(name)", executable: compiler,
                arguments: [
                    swift.path, name, object.path, clang.path, "-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall",
                    "-Werror", "-ffreestanding", "-D__TARGET_ARCH_\(Self.architecture)",
                    "-fdebug-prefix-map=\(folder.path)=BPF", "-I", folder.path, "-I", records.path,
                    "-c", source.path,
                ],
                inputFiles: [source] + headers, outputFiles: [swift])
        }
    }

    /// As the kernel's and libbpf's headers name it. The program runs where it is built.
    private static var architecture: String {
        #if arch(arm64)
        "arm64"
        #else
        "x86"
        #endif
    }
}
