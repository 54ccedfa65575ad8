import Octets

/// A table of text in aligned columns, two spaces apart.
///
/// Where it is too wide, columns go by rank, the highest first; if the rest is still too wide, the widest columns that
/// may be cut are; and where that would leave too little of them, columns below rank 0 go, too.
public struct TextTable: Sendable {
    public struct Column: Sendable {
        public enum Alignment: Sendable { case left, right }

        public var title: String
        public var alignment: Alignment
        /// 0: never left out. Above, columns of higher rank are left out first; below, only where cutting others is not
        /// enough, those of rank -1 first.
        public var rank: Int
        public var canBeCut: Bool
        public var isDim: Bool

        public init(
            _ title: String, _ alignment: Alignment = .right, rank: Int = 0, canBeCut: Bool = false, isDim: Bool = false
        ) {
            self.title = title
            self.alignment = alignment
            self.rank = rank
            self.canBeCut = canBeCut
            self.isDim = isDim
        }
    }

    public var columns: [Column]
    public var rows: [[String]] = []
    /// Columns of the terminal that stay empty before each line.
    public var indent = 2

    public init(_ columns: [Column]) { self.columns = columns }

    private static let gap = 2
    private static let narrowest = 8
    /// Where there is nothing left to leave out.
    private static let narrowestAtLast = 4

    /// The table's lines, each with its line end; nothing without rows.
    ///
    /// - Parameter width: columns of the terminal; `nil` for no limit.
    public func text(width: Int? = nil, style: Style = .plain) -> String {
        guard !rows.isEmpty else { return "" }
        let cells = rows.map { $0.map(Self.printable) }
        let (shown, widths) = layout(cells, width)
        var text = line(columns.map(\.title), shown, widths) { style.dim($1) }
        for row in cells {
            text += line(row, shown, widths) { index, cell in columns[index].isDim ? style.dim(cell) : cell }
        }
        return text
    }

    /// Terminal columns that it takes once all columns with a rank are left out, and nothing is cut.
    func narrowestWhole() -> Int {
        let kept = columns.indices.filter { columns[$0].rank <= 0 }
        let widths = Self.widths(columns, rows.map { $0.map(Self.printable) })
        return indent + kept.reduce(-Self.gap) { $0 + widths[$1] + Self.gap }
    }

    private static func widths(_ columns: [Column], _ cells: [[String]]) -> [Int] {
        columns.indices.map { index in cells.reduce(width(columns[index].title)) { max($0, width($1[index])) } }
    }

    /// Which columns are shown, and how wide all of them are.
    private func layout(_ cells: [[String]], _ limit: Int?) -> (shown: [Int], widths: [Int]) {
        let whole = Self.widths(columns, cells)
        var widths = whole
        var shown = Array(columns.indices)
        guard let limit else { return (shown, widths) }
        func total() -> Int { indent + shown.reduce(-Self.gap) { $0 + widths[$1] + Self.gap } }
        while total() > limit, let last = shown.max(by: { columns[$0].rank < columns[$1].rank }),
            columns[last].rank > 0
        {
            shown.removeAll { $0 == last }
        }
        func cut(to narrowest: Int) {
            while total() > limit,
                let widest = shown.filter({ columns[$0].canBeCut }).max(by: { widths[$0] < widths[$1] }),
                widths[widest] > narrowest
            {
                widths[widest] -= 1
            }
        }
        cut(to: Self.narrowest)
        while total() > limit,
            let next = shown.filter({ columns[$0].rank < 0 }).max(by: { columns[$0].rank < columns[$1].rank })
        {
            shown.removeAll { $0 == next }
            widths = whole
            cut(to: Self.narrowest)
        }
        cut(to: Self.narrowestAtLast)
        return (shown, widths)
    }

    private func line(
        _ cells: [String], _ shown: [Int], _ widths: [Int], _ paint: (Int, String) -> String
    ) -> String {
        var line = String(repeating: " ", count: indent)
        for (position, index) in shown.enumerated() {
            let cell = Self.cut(cells[index], to: widths[index])
            let space = String(repeating: " ", count: widths[index] - Self.width(cell))
            let isLast = position == shown.count - 1
            switch columns[index].alignment {
            case .left: line += paint(index, cell) + (isLast ? "" : space)
            case .right: line += space + paint(index, cell)
            }
            if !isLast { line += String(repeating: " ", count: Self.gap) }
        }
        // A line ends without blanks where its last cells are empty.
        while line.utf8.last == 0x20 { line.removeLast() }
        return line + "\n"
    }

    /// A text in lines of at most so many terminal columns, cut at blanks: a longer word, such as a path, stays whole.
    public static func wrapped(_ text: String, to width: Int) -> [String] {
        var lines = [""]
        // Two blanks, which set parts apart, give an empty word.
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            let line = lines[lines.count - 1]
            let longer = line.isEmpty ? String(word) : line + " " + word
            if line.isEmpty || Self.width(longer) <= width {
                lines[lines.count - 1] = longer
            } else {
                lines.append(String(word))
            }
        }
        return lines.map { line in line.last == " " ? String(line.dropLast()) : line }
    }

    /// Terminal columns of a text of our own making: one per character.
    static func width(_ text: String) -> Int { text.unicodeScalars.count }

    static func cut(_ text: String, to width: Int) -> String {
        guard Self.width(text) > width else { return text }
        // Rather less of an indentation than of a name.
        let blanks = text.prefix { $0 == " " }.count
        if blanks > 0 { return cut(String(text.dropFirst(min(blanks, Self.width(text) - width))), to: width) }
        // The end tells more than the middle: a port, an interface identifier.
        let tail = max(width - 1, 0) / 2
        let head = max(width - 1 - tail, 0)
        let scalars = text.unicodeScalars
        return String(String.UnicodeScalarView(scalars.prefix(head))) + "…"
            + String(String.UnicodeScalarView(scalars.suffix(tail)))
    }

    /// The text with control characters replaced: names come from outside and must not move the cursor.
    public static func printable(_ text: String) -> String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool {
            scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value || 0x200B...0x200F ~= scalar.value
                || 0x2028...0x202E ~= scalar.value || 0x2066...0x2069 ~= scalar.value
                || SystemName.isStandIn(scalar)
        }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
    }
}
