/// The rules for every text file, and for what the documentation claims about the tree.
enum TextRules {
    static let bannedNames: Set = ["utils", "util", "helpers", "helper", "common", "misc", "types"]

    static func isClean(_ file: SourceFile) -> [Violation] {
        var found: [Violation] = []
        for (index, line) in file.lines.enumerated() {
            if line.contains("\t") { found.append(Violation(file, index + 1, "a tab: use spaces")) }
            if line.last == " " { found.append(Violation(file, index + 1, "a space at the end of the line")) }
            if line.last == "\r" { found.append(Violation(file, index + 1, "a carriage return")) }
        }
        if !file.endsWithNewline { found.append(Violation(file, file.lines.count, "no newline at the end")) }
        return found
    }

    /// A folder or file named for what it is not: its contents belong where they are used.
    static func isNamedForItsContents(path: String) -> Bool {
        !path.split(separator: "/").contains { part in
            bannedNames.contains(part.split(separator: ".")[0].lowercased())
        }
    }

    /// Links and paths in backquotes must lead somewhere. `exists` takes a path relative to the root.
    static func mentionsExist(_ file: SourceFile, exists: (String) -> Bool) -> [Violation] {
        prose(file).flatMap { number, line in
            let links = line.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }
                .filter { !$0.contains(/^[a-z]+:/) && !$0.hasPrefix("#") }
                .map { resolve(String($0.prefix { $0 != "#" }), from: file.path) }
            // Only what starts with one of the project's folders is taken for a path in it.
            let paths = line.matches(
                of: /`((?:Sources|Tests|Scripts|Examples|Benchmarks|Fuzz|Plugins|docs|\.ci)\/[^`\s]*)`/
            ).map { String($0.1) }.filter { !$0.contains(/[*<{…]|NNNN/) }
            return (links + paths).filter { !exists($0) }.map { Violation(file, number, "\($0) does not exist") }
        }
    }

    /// `make x` in code must name a target of the Makefile.
    static func makeTargetsExist(_ file: SourceFile, targets: Set<String>) -> [Violation] {
        codeInMarkdown(file).flatMap { number, code in
            code.matches(of: /(?:^|[\s;&])make ([a-z][a-z-]*)/).map { String($0.1) }
                .filter { !targets.contains($0) }
                .map { Violation(file, number, "the Makefile has no target \($0)") }
        }
    }

    /// The path that `link`, standing in the file at `path`, leads to.
    static func resolve(_ link: String, from path: String) -> String {
        var parts = path.split(separator: "/").dropLast().map(String.init)
        for part in link.split(separator: "/") {
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(String(part)) }
        }
        return parts.joined(separator: "/")
    }

    private static func prose(_ file: SourceFile) -> [(Int, String)] { split(file).prose }

    /// Fenced blocks, and what stands between backquotes.
    private static func codeInMarkdown(_ file: SourceFile) -> [(Int, String)] {
        let (prose, fenced) = split(file)
        return fenced + prose.flatMap { number, line in line.matches(of: /`([^`]+)`/).map { (number, String($0.1)) } }
    }

    private static func split(_ file: SourceFile) -> (prose: [(Int, String)], fenced: [(Int, String)]) {
        var prose: [(Int, String)] = []
        var fenced: [(Int, String)] = []
        var inFence = false
        for (index, line) in file.lines.enumerated() {
            if line.trimmingPrefix(/\s*/).hasPrefix("```") {
                inFence.toggle()
            } else if inFence {
                fenced.append((index + 1, line))
            } else {
                prose.append((index + 1, line))
            }
        }
        return (prose, fenced)
    }
}
