/// By what traffic is shown.
public enum TopView: String, CaseIterable, Sendable {
    case flows, talkers, processes, protocols

    /// In which order its rows can stand; the first is where it begins. All but names begin with the largest.
    public var orders: [TopOrder] { columns.compactMap(\.order) }

    public var columns: [TopColumn] {
        let common = [
            TopColumn("RATE", .rate, 10, order: .rate),
            TopColumn(self == .flows ? "→ RATE" : "SENT/S", .out, 10, order: .out, rank: self == .flows ? 4 : 2),
            TopColumn(self == .flows ? "← RATE" : "RECV/S", .in, 10, order: .in, rank: self == .flows ? 4 : 2),
            TopColumn("PKT/S", .packets, 7, order: .packets, rank: 3),
            TopColumn("TOTAL", .total, 7, order: .total),
        ]
        switch self {
        case .flows:
            return common + [
                TopColumn("PROTO", .protocol, 6, rank: 2),
                TopColumn("SOURCE", .source, 21, most: 47, least: 10, order: .name),
                TopColumn("DESTINATION", .destination, 21, most: 47, least: 10),
                TopColumn("PROCESS", .process, 15, most: 26, least: 8),
            ]
        case .talkers:
            return common + [
                TopColumn("FLOWS", .flows, 6, order: .flows, rank: 1),
                TopColumn("ADDRESS", .source, 18, most: 47, least: 10, order: .name),
            ]
        case .processes:
            return common + [
                TopColumn("FLOWS", .flows, 6, order: .flows, rank: 1),
                TopColumn("USER", .user, 6, rank: 4),
                TopColumn("PROCESS", .process, 18, most: 26, least: 8, order: .name),
                TopColumn("CONTROL GROUP", .group, 20, most: 80, least: 10, rank: 6),
            ]
        case .protocols:
            return common + [
                TopColumn("FLOWS", .flows, 6, order: .flows, rank: 1),
                TopColumn("PROTOCOL", .protocol, 8),
                TopColumn("PORT", .port, 14, most: 30, least: 6, order: .name),
            ]
        }
    }
}

/// What rows are ordered by.
public enum TopOrder: String, CaseIterable, Sendable {
    case rate, out, `in`, packets, total, flows, name
}

/// A column of a view.
public struct TopColumn: Sendable {
    public enum Content: Sendable {
        case rate, out, `in`, packets, total, flows, `protocol`, source, destination, process, user, group, port
    }

    public var title: String
    public var content: Content
    /// Columns of the terminal that it takes where there is room, and where there is more or less than that.
    public var width: Int
    public var most: Int
    public var least: Int
    public var order: TopOrder?
    /// Where it is too narrow for all, the highest are left out first; 0: never.
    public var rank: Int

    init(
        _ title: String, _ content: Content, _ width: Int, most: Int? = nil, least: Int? = nil,
        order: TopOrder? = nil, rank: Int = 0
    ) {
        self.title = title
        self.content = content
        self.width = width
        self.most = most ?? width
        self.least = least ?? width
        self.order = order
        self.rank = rank
    }

    /// Numbers stand at the right.
    var isNumber: Bool {
        switch content {
        case .rate, .out, .in, .packets, .total, .flows: true
        default: false
        }
    }
}

/// Which columns find room in a width, and how wide each is.
struct TopLayout {
    var columns: [(column: TopColumn, width: Int)]

    /// Between columns.
    private static let gap = 1

    init(_ view: TopView, width: Int) {
        columns = view.columns.map { ($0, $0.width) }
        while total > width, let highest = columns.map(\.column.rank).max(), highest > 0 {
            columns.removeAll { $0.column.rank == highest }
        }
        // The widest gives first, and the narrowest takes first.
        while total > width,
            let index = columns.indices.filter({ columns[$0].width > columns[$0].column.least })
                .max(by: { columns[$0].width < columns[$1].width })
        {
            columns[index].width -= 1
        }
        while total < width,
            let index = columns.indices.filter({ columns[$0].width < columns[$0].column.most })
                .min(by: { columns[$0].width < columns[$1].width })
        {
            columns[index].width += 1
        }
    }

    private var total: Int { columns.reduce(-Self.gap) { $0 + $1.width + Self.gap } }

    /// A line of cells, each cut to its column; without blanks at the end.
    func line(_ cell: (TopColumn) -> String) -> String {
        var line = ""
        for (index, (column, width)) in columns.enumerated() {
            let text = TextTable.cut(TextTable.printable(cell(column)), to: width)
            let space = String(repeating: " ", count: max(0, width - TextTable.width(text)))
            line += column.isNumber ? space + text : text + (index == columns.count - 1 ? "" : space)
            if index < columns.count - 1 { line += String(repeating: " ", count: Self.gap) }
        }
        while line.utf8.last == 0x20 { line.removeLast() }
        return line
    }
}
