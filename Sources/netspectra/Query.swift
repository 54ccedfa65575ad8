import ArgumentParser
import Configuration
import Flows
import KernelIO
import Octets
import Outputs
import Storage

/// `netspectra query`: answers questions from what `--store` has stored.
struct Query: ParsableCommand {
    enum Subject: String, CaseIterable, ExpressibleByArgument {
        case top, flow, spread, sketch, summary, sql
    }

    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Ask a database that analyze --store has filled.",
        usage: "netspectra query <question> [<text>] [<options>]",
        discussion: """
            Questions:
              top      which rows have most
              flow     what <text>, a filter, matches, snapshot by snapshot
              spread   which keys meet most different values: --of DstIP
              sketch   what sketches said in the newest snapshot, or in those of a range; of each, position 0 is
                       about all keys together
              summary  what the database holds, and the ledgers
              sql      what <text>, a statement in the database's language, answers; it can change nothing

            Snapshots count as a whole, by their time; the ranges of --last and --keep end at the newest one. Rows say \
            how exact they are: exact, or by how much the truth may be more (at_least), less (at_most) or \
            either (estimate).

            Filters are those of analyze --where, without a packet's length. They look at rows: tcp_flags are those \
            of all packets of a row, and of a row with both directions the source is who began.

            Examples:
              netspectra query top --last 15m
              netspectra query top --by SrcIP/24 --where 'dst_port == 443' --format csv
              netspectra query flow 'host 10.0.0.1 and port 443' --every 1h
              netspectra query top --by comm
              netspectra query flow 'port 443' --by five-tuple,process
              netspectra query spread --by SrcIP --of DstIP,DstPort
              netspectra query sql 'SELECT ip(src_ip), sum(bytes) FROM flows GROUP BY 1'
            """)

    @Argument(help: ArgumentHelp("top, flow, spread, sketch, summary or sql.", valueName: "question"))
    var subject: Subject

    @Argument(help: "The filter of flow, or the statement of sql.")
    var text: String?

    @Option(
        help: ArgumentHelp("The database, as analyze --store has it.", valueName: "database"),
        completion: .file())
    var store = "netspectra.db"

    @Option(help: ArgumentHelp("From this time on, such as '2024-02-29 23:59:58', in UTC.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("Up to this time.", valueName: "time"))
    var to: String?

    @Option(help: ArgumentHelp("Only the last part, such as 15m or 2d, before the newest snapshot.", valueName: "time"))
    var last: String?

    @Option(help: ArgumentHelp("One answer for each span of time, such as 5m.", valueName: "time"))
    var every: String?

    @Option(help: ArgumentHelp("Rows of this task alone.", valueName: "name"))
    var task: String?

    // `--key` too: that is what analyze calls it.
    @Option(
        name: [.customLong("by"), .customLong("key"), .customShort("k")],
        help: ArgumentHelp(
            """
            Put rows together by these fields; also by pid, comm, uid and cgroup of what capture --processes has \
            stored. Default: the task's key; for spread: SrcIP.
            """, valueName: "fields"))
    var by: String?

    @Option(
        help: ArgumentHelp("Of spread: count different values of these fields. Default: DstIP.", valueName: "fields"))
    var of: String?

    @Flag(name: .shortAndLong, help: "With --by: both directions in one row.")
    var bidirectional = false

    @Option(name: .shortAndLong, help: ArgumentHelp("Only rows that match.", valueName: "filter"))
    var `where`: String?

    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: ArgumentHelp(
            "Rows, with --every in each span; 0 for all. Default: 10 in tables, else all.", valueName: "rows"))
    var top: Int?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Order of rows: most bytes, packets or elements, latest, or longest first; ties by key.",
            valueName: "order"))
    var sort: AnswerOrder?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("What to print; ndjson is one JSON object per line.", valueName: "format"))
    var format = OutputFormat.table

    @Flag(help: "Whole numbers in tables instead of 1.23 MB.")
    var exact = false

    func run() throws {
        let question = try question()
        let location = try StoreOptions.location(store)
        let answer: String
        do throws(SystemFailure) {
            answer = try self.answer(question, location.open(.read))
        } catch {
            throw Exit.fail(error.operation == "open" ? Exit.cannotOpen : Exit.noCapture, "\(error)")
        }
        do throws(SystemFailure) {
            try DescriptorWriter(descriptor: 1, name: "standard output").write(Array(answer.utf8).span)
        } catch {
            throw Exit.output(error)
        }
    }

    func validate() throws {
        switch subject {
        case .flow where text == nil: throw ValidationError("flow needs a filter, such as 'host 10.0.0.1'")
        case .sql where text == nil: throw ValidationError("sql needs a statement")
        case .top, .spread, .sketch, .summary:
            if let text { throw ValidationError("\(subject) takes no text; filters go behind --where: '\(text)'") }
        default: break
        }
        if let top, top < 0 { throw ValidationError("--top: \(top) rows cannot be; 0 means all") }
        if of != nil, subject != .spread { throw ValidationError("--of belongs to spread") }
    }

    /// What is asked, checked.
    private func question() throws -> FlowQuestion {
        let rows = top ?? (format == .table && subject != .flow ? 10 : 0)
        let defaultOrder: AnswerOrder = subject == .spread ? .elements : .bytes
        var question = FlowQuestion(order: sort ?? defaultOrder, limit: rows == 0 ? nil : rows)
        question.from = try from.map { try StoreOptions.time($0, option: "--from") }
        question.to = try to.map { try StoreOptions.time($0, option: "--to") }
        question.last = try last.map { try StoreOptions.duration($0, option: "--last") }
        question.every = try every.map { try StoreOptions.duration($0, option: "--every") }
        question.task = task
        if let by { try Self.split(by, into: &question) }
        if bidirectional { question.isBidirectional = true }
        let filters = [subject == .flow ? text : nil, self.where].compactMap(\.self)
        let filter = filters.count == 2 ? "(\(filters[0])) and (\(filters[1]))" : filters.first
        question.filter = try filter.map(AnalysisOptions.packetFilter)
        if subject == .flow, question.every == nil { question.every = 0 }
        if subject == .spread { question.elements = try StoreOptions.fields(of ?? "DstIP", option: "--of") }
        return question
    }

    /// Words that name what is known of processes stand among a key's fields.
    private static func split(_ text: String, into question: inout FlowQuestion) throws {
        var rest: [Substring] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            let name = word.filter { $0 != " " }.lowercased()
            if name == "process" {
                question.processes.formUnion([.pid, .comm])
            } else if let field = ProcessFields.names.first(where: { $0.name == name })?.field {
                question.processes.insert(field)
            } else {
                rest.append(word)
            }
        }
        question.fields =
            rest.isEmpty ? KeyFields() : try StoreOptions.fields(rest.joined(separator: ","), option: "--by")
    }

    private func answer(_ question: FlowQuestion, _ store: any SnapshotStore) throws(SystemFailure) -> String {
        let (width, style) = (SnapshotSink.width, SnapshotSink.style)
        switch subject {
        case .sql:
            let table = try store.answer(sql: text ?? "")
            return format == .table ? AnswerFormat.table(table, width: width, style: style) : printed(table, nil)
        case .summary:
            let summary = StoreSummary(question, try store.catalogue())
            switch format {
            case .table: return summary.text(title: store.name, isExact: exact, width: width, style: style)
            case .json, .ndjson: return summary.json.text + "\n"
            case .csv: return AnswerFormat.csv(summary.table)
            }
        case .sketch:
            let table = try sketches(question, store)
            return format == .table ? AnswerFormat.table(table, width: width, style: style) : printed(table, nil)
        case .top, .flow, .spread:
            let catalogue = try store.catalogue()
            let plan: QuestionPlan
            do throws(QuestionFailure) {
                plan = try QuestionPlan(question, catalogue)
            } catch {
                throw SystemFailure(operation: "answer from", path: store.name, errno: 0, detail: "\(error)")
            }
            let answer = try store.answer(plan)
            guard format == .table else { return printed(answer.table, answer.summary) }
            return answer.text(title: title(plan), isExact: exact, width: width, style: style)
        }
    }

    private func title(_ plan: QuestionPlan) -> String {
        let names = ProcessFields.names.filter { plan.processes.contains($0.field) }.map(\.name)
        return ([plan.task.name] + names).filter { !$0.isEmpty }.joined(separator: ",")
    }

    private func sketches(_ question: FlowQuestion, _ store: any SnapshotStore) throws(SystemFailure) -> AnswerTable {
        let snapshots = try store.catalogue().snapshots
        let hasRange = question.from != nil || question.to != nil || question.last != nil
        let range = question.range(newest: snapshots.last?.time)
        var table = try store.sketches(snapshots.filter { range.contains($0.time) }, task: question.task)
        if !hasRange, let newest = table.rows.last?[0] { table.rows.removeAll { $0[0] != newest } }
        if let limit = question.limit {
            table.rows.removeAll { row in
                switch row[3] {
                case .integer(let position): position > limit
                case .unsigned(let position): position > limit
                default: false
                }
            }
        }
        guard format == .table else { return table }
        for index in table.rows.indices {
            if case .integer(let time) = table.rows[index][0] {
                table.rows[index][0] = .text(CivilTime(nanoseconds: time).text)
            }
            for column in table.rows[index].indices {
                guard case .real(let confidence) = table.rows[index][column] else { continue }
                table.rows[index][column] = .real((confidence * 1000).rounded() / 1000)
            }
        }
        // Keys have few of the fields.
        for column in table.columns.indices.reversed() where table.rows.allSatisfy({ $0[column] == .null }) {
            table.columns.remove(at: column)
            for index in table.rows.indices { table.rows[index].remove(at: column) }
        }
        return table
    }

    private func printed(_ table: AnswerTable, _ summary: JSONText?) -> String {
        switch format {
        case .json: AnswerFormat.json(table, summary: summary)
        case .csv: AnswerFormat.csv(table)
        case .ndjson, .table: AnswerFormat.ndjson(table)
        }
    }
}

extension AnswerOrder: ExpressibleByArgument {}
