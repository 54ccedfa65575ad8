import Octets

/// The screen of `top`: what is chosen by keys, and frames that show the traffic so. A value that gives octets to be
/// written; it knows no terminal and no clock.
public struct TopScreen: Sendable {
    public private(set) var view: TopView
    public private(set) var order: TopOrder
    public private(set) var isReversed = false
    public private(set) var isPaused = false
    /// Somebody wants to end it.
    public private(set) var isDone = false
    public private(set) var filter: String
    private var isFiltering = false
    private var isHelping = false
    /// The first row that is shown.
    private var first = 0
    private var rowCount = 0
    private var room = 1
    /// While it is paused: what there was then.
    private var kept: TopTraffic?

    /// What it is about: interfaces, or captures.
    public var title: String
    /// Of which there is something to say: why no process is known, what was lost, that a capture has ended.
    public var notes: [String] = []
    public var style: Style

    public init(
        title: String, view: TopView = .flows, order: TopOrder = .rate, filter: String = "", style: Style = .plain
    ) {
        self.title = title
        self.view = view
        self.order = order
        self.filter = filter
        self.style = style
    }

    /// Takes the whole screen, and gives it back as it was.
    public static let opening = Array("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J".utf8)
    public static let closing = Array("\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l".utf8)

    private static let filterMax = 64

    // MARK: - Keys

    /// - Parameter traffic: what there is, to be kept where that is asked for.
    public mutating func press(_ key: TopKey, _ traffic: TopTraffic) {
        if key == .interrupt { return isDone = true }
        if isFiltering { return edit(key) }
        if isHelping { return isHelping = false }
        switch key {
        case .character("q"), .character("Q"): isDone = true
        case .character("f"): show(.flows)
        case .character("t"): show(.talkers)
        case .character("p"): show(.processes)
        case .character("o"): show(.protocols)
        case .character("s"), .right: sort(by: 1)
        case .character("S"), .left: sort(by: -1)
        case .character("r"): isReversed.toggle()
        case .character("h"), .character("?"): isHelping = true
        case .character("/"): isFiltering = true
        case .character(" "):
            isPaused.toggle()
            kept = isPaused ? traffic : nil
        case .up, .character("k"): scroll(by: -1)
        case .down, .character("j"): scroll(by: 1)
        case .pageUp: scroll(by: -room)
        case .pageDown: scroll(by: room)
        case .home: first = 0
        case .end: scroll(by: rowCount)
        case .escape: filter = ""
        default: break
        }
    }

    private mutating func edit(_ key: TopKey) {
        switch key {
        case .enter: isFiltering = false
        case .escape:
            isFiltering = false
            filter = ""
        case .backspace: if !filter.isEmpty { filter.removeLast() }
        case .character(let character): if filter.utf8.count < Self.filterMax { filter.append(character) }
        default: break
        }
        first = 0
    }

    private mutating func show(_ view: TopView) {
        self.view = view
        first = 0
        if !view.orders.contains(order) { order = .rate }
    }

    private mutating func sort(by step: Int) {
        let orders = view.orders
        let index = orders.firstIndex(of: order) ?? 0
        order = orders[(index + step + orders.count) % orders.count]
    }

    private mutating func scroll(by rows: Int) { first = max(0, min(first + rows, rowCount - room)) }

    // MARK: - Frames

    /// What brings the screen up to date.
    public mutating func frame(_ traffic: TopTraffic, columns: Int, lines: Int) -> [UInt8] {
        let traffic = kept ?? traffic
        let (columns, lines) = (max(columns, 1), max(lines, 1))
        var text = isHelping ? helpLines(columns) : tableLines(traffic, columns, lines)
        text = Array(text.prefix(lines))
        var frame = OctetBuffer()
        frame.append("\u{1B}[H")
        for (index, line) in text.enumerated() {
            frame.append(line + "\u{1B}[K" + (index == lines - 1 ? "" : "\r\n"))
        }
        frame.append("\u{1B}[J")
        return [UInt8](frame)
    }

    private mutating func tableLines(_ traffic: TopTraffic, _ columns: Int, _ lines: Int) -> [String] {
        let rows = traffic.rows(view, by: order, isReversed: isReversed, filter: filter)
        rowCount = rows.count
        room = max(1, lines - 4)
        first = max(0, min(first, rowCount - room))
        let layout = TopLayout(view, width: columns)
        let heading = layout.line { column in
            column.order == order && column.order != nil ? (isReversed ? "▴" : "▾") + column.title : column.title
        }
        var text = [
            style.title(Self.cut(Self.summary(traffic, title), columns)),
            statusLine(rows.count, columns), style.reverse(Self.padded(Self.cut(heading, columns), columns)),
        ]
        for row in rows.dropFirst(first).prefix(room) {
            let line = Self.cut(layout.line { row.text($0.content, interval: traffic.interval) }, columns)
            text.append(row.counts.bytes == 0 ? style.dim(line) : line)
        }
        while text.count < lines - 1 { text.append("") }
        text.append(style.dim(Self.cut(Self.keys, columns)))
        return text
    }

    /// What all flows come to.
    static func summary(_ traffic: TopTraffic, _ title: String) -> String {
        let seconds = Double(traffic.interval) / 1e9
        let clock = CivilTime(nanoseconds: traffic.time).text.dropFirst(11).prefix(8)
        let time = traffic.time == 0 ? "--:--:--" : String(clock)
        return [
            time, HumanUnits.bitsPerSecond(Double(traffic.sums.bytes) * 8 / seconds),
            HumanUnits.packetsPerSecond(Double(traffic.sums.packets) / seconds),
            "\(HumanUnits.grouped(traffic.sums.flows)) flows", "\(HumanUnits.bytes(traffic.sums.totalBytes)) in all",
            title,
        ].joined(separator: "  ")
    }

    private func statusLine(_ count: Int, _ columns: Int) -> String {
        if isFiltering { return Self.cut("show only: \(filter)▏ (Enter keeps, Esc shows all)", columns) }
        let way = isReversed ? " from below" : ""
        var parts = ["\(HumanUnits.grouped(UInt64(count))) \(view.rawValue) by \(order.rawValue)\(way)"]
        if isPaused { parts.append("PAUSED") }
        if !filter.isEmpty { parts.append("only '\(filter)'") }
        let line = Self.cut((parts + notes).joined(separator: " · "), columns)
        return notes.isEmpty && !isPaused ? line : style.warning(line)
    }

    private static let keys = "q end  f flows  t talkers  p processes  o protocols  s sort  / find  h help"

    private func helpLines(_ columns: Int) -> [String] {
        let text = [
            "f  flows        t  talkers        p  processes        o  protocols",
            "",
            "s →   sort by the next column     S ←   by the one before",
            "r     the other way round",
            "↑ ↓   move; also PgUp, PgDn, Home, End",
            "space stop and go on; counting never stops",
            "/     only rows that have a text: an address, a port, a process",
            "Esc   all rows again",
            "q     end; also Ctrl-C",
            "",
            "Rates are those of the last interval, in bits per second of whole frames; totals",
            "are since the beginning. A flow's source is who sent its first packet: → is from",
            "it, ← to it. A process is the one whose socket it is: 'unknown' where no socket of",
            "this machine is known, 'several' where it is not known which of several.",
            "",
            "Any key goes back.",
        ]
        return text.map { Self.cut($0, columns) }
    }

    private static func cut(_ text: String, _ columns: Int) -> String {
        let text = TextTable.printable(text)
        guard TextTable.width(text) > columns else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(columns - 1))) + "…"
    }

    private static func padded(_ text: String, _ columns: Int) -> String {
        text + String(repeating: " ", count: max(0, columns - TextTable.width(text)))
    }
}
