import Foundation

/// The work tree these tests were compiled in.
enum ProjectTree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Folders that hold what tools made, not what people wrote.
    private static let skippedFolders: Set = [".build", ".git", ".swiftpm"]

    /// Every regular file, relative to the root, in a fixed order.
    static let paths: [String] = {
        var found: [String] = []
        func visit(_ folder: String) {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path + "/" + folder)) ?? []
            for name in names.sorted() where !skippedFolders.contains(name) {
                let path = folder.isEmpty ? name : folder + "/" + name
                let values = try? root.appending(path: path).resourceValues(forKeys: [.isDirectoryKey])
                guard let isFolder = values?.isDirectory else { continue }
                if isFolder { visit(path) } else { found.append(path) }
            }
        }
        visit("")
        return found
    }()

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.path + "/" + path)
    }

    static func isExecutable(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: root.path + "/" + path)
    }

    static func file(_ path: String) throws -> SourceFile {
        SourceFile(path: path, text: try String(contentsOf: root.appending(path: path), encoding: .utf8))
    }

    /// The files under any of `folders` whose names end in `suffix`; what a program generated (`Scripts/protobuf`) is
    /// not held to the rules of style.
    static func files(under folders: [String] = [""], suffix: String) throws -> [SourceFile] {
        try paths
            .filter { path in
                !path.hasSuffix(".pb.swift") && path.hasSuffix(suffix)
                    && folders.contains { $0.isEmpty || path.hasPrefix($0 + "/") }
            }
            .map(file)
    }

    /// The names of the package's own modules in Swift. Those in C stand together in `Sources/C`.
    static let siblings = Set(
        paths.compactMap { path in
            let parts = path.split(separator: "/")
            return parts.count > 2 && parts[0] == "Sources" && parts[1] != "C" ? String(parts[1]) : nil
        })

    static func makefileTargets() throws -> Set<String> {
        Set(try file("Makefile").lines.compactMap { $0.firstMatch(of: /^([a-z-]+):/).map { String($0.1) } })
    }
}
