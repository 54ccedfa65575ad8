import CYAML

/// Reads YAML into nodes: the one place that talks to libyaml.
///
/// libyaml and not Yams, whose `import Foundation` loads the whole of Foundation and ICU at each start.
@safe struct YAMLReader: ~Copyable {
    static let octetsMax = 1 << 20
    static let depthMax = 32
    static let nodesMax = 100_000

    // SAFETY: all zeros, which C calls a valid parser; `yaml_parser_initialize` is the first to look at it.
    private var parser = unsafe yaml_parser_t()
    private var nodes = 0

    /// The only document of the text; `nil` where there is none.
    /// - Throws: a syntax error; something that is refused (aliases, several documents, keys that are no text).
    static func read(_ octets: [UInt8]) throws(YAMLSyntaxFailure) -> YAMLNode? {
        guard octets.count <= octetsMax else {
            throw YAMLSyntaxFailure(
                message: "the file is larger than \(octetsMax) octets", place: .init(line: 1, column: 1))
        }
        let result = unsafe octets.withUnsafeBufferPointer { buffer in
            Result { () throws(YAMLSyntaxFailure) in
                var reader = YAMLReader()
                // SAFETY: the parser keeps the pointer, and lives only inside this closure, as the buffer does.
                return try unsafe reader.document(buffer)
            }
        }
        return try result.get()
    }

    private init() {
        // SAFETY: initialises the whole structure; it fails only where memory ends.
        unsafe precondition(yaml_parser_initialize(&parser) == 1, "out of memory")
    }

    deinit {
        // SAFETY: the parser was initialised in `init` and is deleted once; the copy is of plain pointers.
        var parser = unsafe self.parser
        unsafe yaml_parser_delete(&parser)
    }

    private mutating func document(_ octets: UnsafeBufferPointer<UInt8>) throws(YAMLSyntaxFailure) -> YAMLNode? {
        // SAFETY: the caller keeps `octets` alive for as long as this reader.
        unsafe yaml_parser_set_input_string(&parser, octets.baseAddress, octets.count)
        _ = try next()  // the start of the stream
        guard case .documentStart = try next().kind else { return nil }
        let first = try next()
        let root = try node(first, depth: 0)
        _ = try next()  // the end of the document
        let end = try next()
        guard case .streamEnd = end.kind else {
            throw YAMLSyntaxFailure(message: "a second document: settings are one document", place: end.place)
        }
        return root
    }

    private mutating func node(_ event: Event, depth: Int) throws(YAMLSyntaxFailure) -> YAMLNode {
        nodes += 1
        guard nodes <= Self.nodesMax, depth <= Self.depthMax else {
            throw YAMLSyntaxFailure(
                message: "more than \(Self.nodesMax) values or \(Self.depthMax) levels", place: event.place)
        }
        switch event.kind {
        case .scalar(let text, let isPlain):
            return YAMLNode(content: .scalar(text, isPlain: isPlain), place: event.place)
        case .sequenceStart:
            var items: [YAMLNode] = []
            while true {
                let item = try next()
                if case .sequenceEnd = item.kind { break }
                items.append(try node(item, depth: depth + 1))
            }
            return YAMLNode(content: .sequence(items), place: event.place)
        case .mappingStart:
            return YAMLNode(content: .mapping(try entries(depth: depth)), place: event.place)
        case .alias:
            throw YAMLSyntaxFailure(message: "aliases (*name) are not supported: write the value", place: event.place)
        default:
            throw YAMLSyntaxFailure(message: "expected a value", place: event.place)
        }
    }

    private mutating func entries(depth: Int) throws(YAMLSyntaxFailure) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        while true {
            let key = try next()
            if case .mappingEnd = key.kind { return entries }
            guard case .scalar(let name, _) = key.kind else {
                throw YAMLSyntaxFailure(message: "a key is text, not a list or a group", place: key.place)
            }
            let value = try next()
            entries.append(YAMLNode.Entry(key: name, keyPlace: key.place, value: try node(value, depth: depth + 1)))
        }
    }

    // MARK: Events

    private struct Event {
        enum Kind {
            case documentStart, streamEnd, sequenceStart, sequenceEnd, mappingStart, mappingEnd, alias, other
            case scalar(String, isPlain: Bool)
        }

        var kind: Kind
        var place: YAMLNode.Place
    }

    private mutating func next() throws(YAMLSyntaxFailure) -> Event {
        var event = unsafe yaml_event_t()
        // SAFETY: `parser` is initialised; on success `event` owns what it points to until it is deleted below.
        guard unsafe yaml_parser_parse(&parser, &event) == 1 else { throw failure() }
        // SAFETY: deletes what the parser allocated for this event, once.
        defer { unsafe yaml_event_delete(&event) }
        // SAFETY: reads a plain structure of three numbers.
        let place = unsafe Self.place(event.start_mark)
        // SAFETY: `type` is a plain number.
        let kind: Event.Kind =
            switch unsafe event.type {
            case YAML_DOCUMENT_START_EVENT: .documentStart
            case YAML_STREAM_END_EVENT: .streamEnd
            case YAML_SEQUENCE_START_EVENT: .sequenceStart
            case YAML_SEQUENCE_END_EVENT: .sequenceEnd
            case YAML_MAPPING_START_EVENT: .mappingStart
            case YAML_MAPPING_END_EVENT: .mappingEnd
            case YAML_ALIAS_EVENT: .alias
            // SAFETY: the type says that the event is a scalar, as the callee wants.
            case YAML_SCALAR_EVENT: unsafe Self.scalar(event)
            default: .other
            }
        return Event(kind: kind, place: place)
    }

    private static func scalar(_ event: yaml_event_t) -> Event.Kind {
        // SAFETY: only called for scalar events, for which this member of the union is the one that is there.
        let scalar = unsafe event.data.scalar
        // SAFETY: libyaml promises `length` octets at `value`, alive until the event is deleted; they are copied here.
        let octets = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        // SAFETY: as above.
        let text = unsafe String(decoding: octets, as: UTF8.self)
        // SAFETY: `style` is a plain number.
        return unsafe .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
    }

    private func failure() -> YAMLSyntaxFailure {
        // SAFETY: `problem` and `context` are static texts of libyaml or null; the marks are plain numbers.
        let problem = unsafe parser.problem.map { unsafe String(cString: $0) } ?? "the text is not YAML"
        // SAFETY: as above.
        let context = unsafe parser.context.map { unsafe " " + String(cString: $0) } ?? ""
        // SAFETY: as above. Errors of the octet reader have an offset only, and no mark.
        let place = unsafe Self.place(parser.problem_mark)
        return YAMLSyntaxFailure(message: problem + context, place: place)
    }

    private static func place(_ mark: yaml_mark_t) -> YAMLNode.Place {
        YAMLNode.Place(line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
    }
}
