import Flows
import Headers
import Octets

/// Reads the messages of one task's IPFIX file, as `IPFIXEncoder` builds them, back into rows.
///
/// Hostile input costs at most an error: every read is within a length that was checked before, and a row takes at
/// least 26 octets of input, so memory stays below four times the input.
public struct IPFIXDecoder: Sendable {
    /// Octets of a message's header (RFC 7011 § 3.1).
    public static let headerOctets = 16
    /// A file of ours has at most fifteen templates.
    static let templatesMax = 64

    /// The task's name, the snapshot's time and the task's place in its snapshot; `nil` before the record that says so.
    public private(set) var taskRecord: TaskRecord?
    /// The fields that the row templates show, the prefixes that the task record gives.
    public private(set) var fields: KeyFields?
    /// Rows so far. `takeRows` empties it.
    public private(set) var rows: [FlowRecord] = []
    /// Whose they are, where rows say so; else empty.
    public private(set) var processPairs: [ProcessPair] = []
    /// What the numbers stand for; `nil` where rows do not say whose they are.
    public var processes: ProcessNumbers? { hasProcesses ? ProcessNumbers(processList) : nil }
    public private(set) var other: FlowRecord?
    public private(set) var evictedFlows: UInt64 = 0

    private var templates: [UInt16: CompiledTemplate] = [:]
    private var sequence: UInt32 = 0
    private var rowCount: UInt64 = 0
    private var announcedRows: UInt64?
    private var hasProcesses = false
    private var processList: [FlowProcess] = []

    public init() {}

    /// The task as far as it is known; `nil` before the task record and the first row template.
    public var task: FlowTask? {
        guard let taskRecord, var fields else { return nil }
        fields.source = taskRecord.source
        fields.destination = taskRecord.destination
        return FlowTask(name: taskRecord.name, fields: fields, bidirectional: taskRecord.bidirectional)
    }

    /// The length that a message's header claims.
    ///
    /// - Parameter header: at least `headerOctets` octets.
    public static func messageOctets(header: Span<UInt8>, at offset: Int) throws(IPFIXFailure) -> Int {
        guard header.count >= headerOctets else {
            throw IPFIXFailure(.messageLength(claimed: headerOctets, available: header.count), at: offset)
        }
        let version = header.bigEndian16(at: 0)
        guard version == 10 else { throw IPFIXFailure(.version(version), at: offset) }
        let length = Int(header.bigEndian16(at: 2))
        guard length >= headerOctets else {
            throw IPFIXFailure(.messageLength(claimed: length, available: headerOctets), at: offset)
        }
        return length
    }

    /// Reads one whole message; its rows are added to `rows`.
    ///
    /// - Parameter offset: where the message begins in its file, for errors.
    public mutating func decode(_ message: Span<UInt8>, at offset: Int) throws(IPFIXFailure) {
        var sets = try IPFIXMessage(message, at: offset)
        guard sets.sequence == sequence else {
            throw IPFIXFailure(.sequence(expected: sequence, found: sets.sequence), at: offset)
        }
        let domain = sets.domain
        if let taskRecord, taskRecord.domain != domain {
            throw IPFIXFailure(.domain(expected: taskRecord.domain, found: domain), at: offset)
        }
        while let (id, records) = try sets.nextSet() {
            try decodeSet(id, message.extracting(records), domain, at: offset + records.lowerBound)
        }
    }

    /// Checks that the file ended where its writer ended it.
    public func finish(at offset: Int) throws(IPFIXFailure) {
        guard let announcedRows else { throw IPFIXFailure(.missingEnd, at: offset) }
        guard announcedRows == rowCount else {
            throw IPFIXFailure(.rowCount(announced: announcedRows, found: rowCount), at: offset)
        }
        guard task != nil else { throw IPFIXFailure(.taskRecord, at: offset) }
    }

    /// The rows so far; afterwards `rows` is empty.
    public mutating func takeRows() -> [FlowRecord] {
        defer { rows = [] }
        return rows
    }

    private mutating func decodeSet(
        _ id: UInt16, _ body: Span<UInt8>, _ domain: UInt32, at offset: Int
    ) throws(IPFIXFailure) {
        switch id {
        case 2: try decodeTemplates(body, scoped: false, at: offset)
        case 3: try decodeTemplates(body, scoped: true, at: offset)
        case 256...:
            guard let template = templates[id] else { throw IPFIXFailure(.unknownTemplate(id), at: offset) }
            guard announcedRows == nil else { throw IPFIXFailure(.recordsAfterEnd, at: offset) }
            switch template.content {
            case .task(let layout): try decodeTask(body, id, layout, domain, at: offset)
            case .end: try decodeEnd(body, id, domain, at: offset)
            case .process: try decodeProcesses(body, at: offset)
            case .rows(let layout): try decodeRows(body, id, layout, at: offset)
            }
        default: throw IPFIXFailure(.reservedSet(id), at: offset)
        }
    }

    private mutating func decodeTemplates(
        _ body: Span<UInt8>, scoped: Bool, at offset: Int
    ) throws(IPFIXFailure) {
        var position = 0
        while position < body.count {
            let template = try IPFIXTemplate(reading: body, from: &position, scoped: scoped, at: offset)
            if let known = templates[template.id] {
                guard known.template == template else { throw IPFIXFailure(.template(template.id), at: offset) }
                continue
            }
            guard templates.count < Self.templatesMax else { throw IPFIXFailure(.tooManyTemplates, at: offset) }
            let compiled = try CompiledTemplate(template, at: offset)
            if case .rows(let layout) = compiled.content, !layout.isOther { try adopt(layout.key, template.id, offset) }
            if case .process = compiled.content {
                // As many are read as rows: from the first one on, or not at all.
                guard rowCount == 0 else { throw IPFIXFailure(.template(template.id), at: offset) }
                hasProcesses = true
            }
            templates[template.id] = compiled
        }
    }

    /// All row templates of a file show the same key but for the family of its addresses.
    private mutating func adopt(_ key: KeyFields, _ id: UInt16, _ offset: Int) throws(IPFIXFailure) {
        guard fields == nil || fields == key else { throw IPFIXFailure(.template(id), at: offset) }
        fields = key
    }

    private mutating func decodeTask(
        _ body: Span<UInt8>, _ id: UInt16, _ layout: TaskLayout, _ domain: UInt32, at offset: Int
    ) throws(IPFIXFailure) {
        var position = 0
        guard taskRecord == nil else { throw IPFIXFailure(.taskRecord, at: offset) }
        taskRecord = try TaskRecord(reading: body, from: &position, layout, domain, at: offset)
        guard position == body.count else { throw IPFIXFailure(.leftover(template: id), at: offset + position) }
        sequence &+= 1
    }

    private mutating func decodeEnd(
        _ body: Span<UInt8>, _ id: UInt16, _ domain: UInt32, at offset: Int
    ) throws(IPFIXFailure) {
        guard body.count == 12 else { throw IPFIXFailure(.leftover(template: id), at: offset) }
        guard body.bigEndian32(at: 0) == domain else {
            throw IPFIXFailure(.value(element: InformationElement.observationDomainId.id), at: offset)
        }
        announcedRows = body.bigEndian64(at: 4)
        sequence &+= 1
    }

    private mutating func decodeProcesses(_ body: Span<UInt8>, at offset: Int) throws(IPFIXFailure) {
        var position = 0
        while position < body.count {
            let number = ProcessNumbers.first + UInt32(processList.count)
            processList.append(try body.process(&position, number: number, at: offset))
            sequence &+= 1
        }
    }

    private mutating func decodeRows(
        _ body: Span<UInt8>, _ id: UInt16, _ layout: RowLayout, at offset: Int
    ) throws(IPFIXFailure) {
        guard let taskRecord else { throw IPFIXFailure(.taskRecord, at: offset) }
        var position = 0
        while body.count - position >= layout.recordOctets {
            let record = body.extracting(position..<(position + layout.recordOctets))
            let row = try layout.read(record, taskRecord, at: offset + position)
            if layout.isOther {
                guard other == nil else { throw IPFIXFailure(.template(id), at: offset + position) }
                other = row
                evictedFlows = record.bigEndian64(at: layout[.flowCount])
            } else {
                guard layout.hasProcesses == hasProcesses else {
                    throw IPFIXFailure(.template(id), at: offset + position)
                }
                rows.append(row)
                if hasProcesses { processPairs.append(layout.processes(record)) }
                rowCount += 1
            }
            sequence &+= 1
            position += layout.recordOctets
        }
        // Padding is allowed (RFC 7011 § 3.3.1): zeros, fewer than a record has.
        for index in position..<body.count where body[index] != 0 {
            throw IPFIXFailure(.leftover(template: id), at: offset + position)
        }
    }
}

extension IPFIXTemplate {
    /// Reads one template record (RFC 7011 § 3.4.1, § 3.4.2.2) and moves `position` behind it.
    init(reading body: Span<UInt8>, from position: inout Int, scoped: Bool, at offset: Int) throws(IPFIXFailure) {
        let header = scoped ? 6 : 4
        guard body.count - position >= header else { throw IPFIXFailure(.template(0), at: offset + position) }
        let start = position
        id = body.bigEndian16(at: start)
        let count = Int(body.bigEndian16(at: start + 2))
        scopeCount = scoped ? Int(body.bigEndian16(at: start + 4)) : 0
        fields = []
        guard id >= 256, count > 0, scoped ? 1...count ~= scopeCount : true else {
            throw IPFIXFailure(.template(id), at: offset + start)
        }
        position += header
        for _ in 0..<count {
            guard body.count - position >= 4 else { throw IPFIXFailure(.template(id), at: offset + position) }
            let word = body.bigEndian16(at: position)
            var field = InformationElement(id: word & 0x7FFF, length: body.bigEndian16(at: position + 2))
            position += 4
            if word & 0x8000 != 0 {
                guard body.count - position >= 4 else { throw IPFIXFailure(.template(id), at: offset + position) }
                field.enterprise = body.bigEndian32(at: position)
                guard
                    [InformationElement.reverseEnterprise, InformationElement.ntopEnterprise].contains(field.enterprise)
                else {
                    throw IPFIXFailure(.unsupportedElement(template: id, element: field.id), at: offset + position)
                }
                position += 4
            }
            fields.append(field)
        }
    }
}
