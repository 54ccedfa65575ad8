/// A terminal as far as this program uses one: what is on the screen, and what has left it at the top.
public struct TerminalScreen {
    public private(set) var history: [String] = []
    public private(set) var screen: [String] = [""]
    /// Sequences that this terminal does not know.
    public private(set) var unknown: [String] = []
    private let columns: Int
    private let lines: Int
    private var row = 0
    private var column = 0
    private var wraps = true

    public init(columns: Int, lines: Int) {
        self.columns = columns
        self.lines = lines
    }

    /// All lines there ever were, without the empty one at the end where the cursor stands.
    public var text: [String] {
        var all = history + screen
        while all.last == "" { all.removeLast() }
        return all.map { line in
            var line = line
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }

    public mutating func write(_ output: String) {
        var rest = output.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\u{1B}": control(&rest)
            case "\r": column = 0
            case "\n": lineFeed()
            default: put(Character(scalar))
            }
        }
    }

    private mutating func put(_ character: Character) {
        if column >= columns {
            if wraps {
                lineFeed()
                column = 0
            } else {
                column = columns - 1
            }
        }
        var line = Array(screen[row])
        while line.count <= column { line.append(" ") }
        line[column] = character
        screen[row] = String(line)
        column += 1
    }

    /// Output modes turn it into CR LF, unless the terminal driver did before.
    private mutating func lineFeed() {
        column = 0
        row += 1
        if row == screen.count { screen.append("") }
        if screen.count > lines {
            history.append(screen.removeFirst())
            row -= 1
        }
    }

    private mutating func control(_ rest: inout String.UnicodeScalarView.SubSequence) {
        guard rest.popFirst() == "[" else { return unknown.append("ESC") }
        var parameters = ""
        while let scalar = rest.popFirst() {
            guard scalar.value >= 0x40 else {
                parameters.unicodeScalars.append(scalar)
                continue
            }
            switch (scalar, parameters) {
            case ("A", _): row = max(0, row - (Int(parameters) ?? 1))
            case ("J", ""):
                screen[row] = String(screen[row].prefix(column))
                screen.removeLast(screen.count - row - 1)
            case ("K", ""): screen[row] = String(screen[row].prefix(column))
            case ("h", "?7"): wraps = true
            case ("l", "?7"): wraps = false
            case ("m", _): break
            default: unknown.append(parameters + String(scalar))
            }
            return
        }
    }
}
