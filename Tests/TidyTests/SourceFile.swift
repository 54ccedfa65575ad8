/// A text file of the work tree, as the rules of style see it.
struct SourceFile: Sendable {
    /// Relative to the root of the project, with `/` between its parts.
    let path: String
    let lines: [String]
    let endsWithNewline: Bool

    init(path: String, text: String) {
        self.path = path
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        endsWithNewline = lines.last == ""
        if endsWithNewline { lines.removeLast() }
        self.lines = lines
    }

    /// The target a file under `Sources` belongs to.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    /// The lines of Swift without comments and without what stands between quotes: a word found in them is code.
    var code: [String] {
        var inLongString = false
        return lines.map { line in
            var code = ""
            var inString = false
            var rest = line[...]
            while let character = rest.first {
                if rest.hasPrefix("\"\"\"") {
                    inLongString.toggle()
                    rest.removeFirst(3)
                    continue
                }
                if inString || inLongString {
                    if character == "\\" { rest.removeFirst() }
                    if character == "\"", !inLongString { inString = false }
                } else if rest.hasPrefix("//") {
                    break
                } else if character == "\"" {
                    inString = true
                } else {
                    code.append(character)
                }
                if !rest.isEmpty { rest.removeFirst() }
            }
            return code
        }
    }

    /// The modules a Swift file imports, each with the number of its line.
    var imports: [(line: Int, module: String)] {
        let declaration =
            #/
            ^\s* (?: @\w+ (?: \( [^)]* \) )? \s+ )*
            (?: (?: public | package | internal | fileprivate | private ) \s+ )?
            import \s+ (?: (?: struct | class | enum | protocol | func | var | let | typealias ) \s+ )? (\w+)
            /#
        return code.enumerated().compactMap { index, line in
            line.firstMatch(of: declaration).map { (index + 1, String($0.1)) }
        }
    }
}

/// A place where a rule is broken, and what to do instead.
struct Violation: Equatable, CustomStringConvertible {
    let path: String
    let line: Int
    let rule: String

    init(_ file: SourceFile, _ line: Int, _ rule: String) {
        path = file.path
        self.line = line
        self.rule = rule
    }

    var description: String { "\(path):\(line): \(rule)" }
}
