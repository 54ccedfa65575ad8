import Flows
import Headers
import Octets

/// A template that was read, and where its records keep what they say.
struct CompiledTemplate: Sendable {
    enum Content: Sendable {
        case task(TaskLayout), end, process, rows(RowLayout)
    }

    var template: IPFIXTemplate
    var content: Content

    init(_ template: IPFIXTemplate, at offset: Int) throws(IPFIXFailure) {
        self.template = template
        if template.scopeCount == 0 {
            content = .rows(try RowLayout(template, at: offset))
        } else if template.scopeCount == 1, template.fields == IPFIXTemplate.end.fields {
            content = .end
        } else if template.scopeCount == 1, template.fields == IPFIXTemplate.process.fields {
            content = .process
        } else {
            content = .task(try TaskLayout(template, at: offset))
        }
    }
}

/// What a file says about its task besides its templates.
public struct TaskRecord: Equatable, Sendable {
    public var name: String
    /// The snapshot's time, nanoseconds since 1970.
    public var time: Int64
    /// The task's position in its snapshot, from 1.
    public var domain: UInt32
    public var source: AddressPrefix?
    public var destination: AddressPrefix?
    public var bidirectional: Bool

    /// Reads the record that begins at `position` and moves behind it.
    init(
        reading body: Span<UInt8>, from position: inout Int, _ layout: TaskLayout, _ domain: UInt32, at offset: Int
    ) throws(IPFIXFailure) {
        func need(_ octets: Int) throws(IPFIXFailure) {
            guard body.count - position >= octets else {
                throw IPFIXFailure(.value(element: InformationElement.observationDomainName.id), at: offset + position)
            }
        }
        try need(4)
        guard body.bigEndian32(at: position) == domain else {
            throw IPFIXFailure(.value(element: InformationElement.observationDomainId.id), at: offset + position)
        }
        self.domain = domain
        position += 4
        name = try body.variableText(
            &position, atMost: IPFIXEncoder.nameOctetsMax, .observationDomainName, at: offset)
        try need(layout.octetsAfterName)
        let milliseconds = body.bigEndian64(at: position)
        guard let time = NTPTime.time(body.bigEndian64(at: position + 8), milliseconds: milliseconds) else {
            throw IPFIXFailure(.value(element: InformationElement.observationTimeNanoseconds.id), at: offset + position)
        }
        self.time = time
        position += 16
        bidirectional = layout.isBidirectional
        if layout.hasSource { source = try Self.prefix(body, &position, offset) }
        if layout.hasDestination { destination = try Self.prefix(body, &position, offset) }
        if bidirectional {
            guard body[position] == 1 else {
                throw IPFIXFailure(.value(element: InformationElement.biflowDirection.id), at: offset + position)
            }
            position += 1
        }
    }

    private static func prefix(
        _ body: Span<UInt8>, _ position: inout Int, _ offset: Int
    ) throws(IPFIXFailure) -> AddressPrefix {
        let v4 = body[position]
        let v6 = body[position + 1]
        guard v4 <= 32, v6 <= 128 else {
            throw IPFIXFailure(
                .value(element: InformationElement.sourceIPv4PrefixLength.id), at: offset + position)
        }
        position += 2
        return AddressPrefix(v4: v4, v6: v6)
    }
}

extension Span<UInt8> {
    /// Reads a text whose length stands before it (RFC 7011 § 7: one octet, or 255 and two octets), and moves
    /// `position` behind it.
    fileprivate func variableText(
        _ position: inout Int, atMost octetsMax: Int, _ element: InformationElement, at offset: Int
    ) throws(IPFIXFailure) -> String {
        let failure = IPFIXFailure(.value(element: element.id), at: offset + position)
        guard position < count else { throw failure }
        var length = Int(self[position])
        position += 1
        if length == 255 {
            guard count - position >= 2 else { throw failure }
            length = Int(bigEndian16(at: position))
            position += 2
        }
        guard length <= octetsMax, count - position >= length else { throw failure }
        let text = String(decoding: (position..<(position + length)).map { self[$0] }, as: UTF8.self)
        guard text.utf8.count == length else { throw failure }
        position += length
        return text
    }

    /// Reads a process, whose number has to be `number`, and moves `position` behind it.
    func process(
        _ position: inout Int, number: UInt32, at offset: Int
    ) throws(IPFIXFailure) -> FlowProcess {
        guard count - position >= 4, bigEndian32(at: position) == IPFIXTemplate.processEngine | number else {
            throw IPFIXFailure(.value(element: InformationElement.applicationId.id), at: offset + position)
        }
        position += 4
        let octetsMax = IPFIXEncoder.processNameOctetsMax
        let comm = try variableText(&position, atMost: octetsMax, .applicationName, at: offset)
        let cgroup = try variableText(&position, atMost: octetsMax, .applicationDescription, at: offset)
        guard count - position >= 8 else {
            throw IPFIXFailure(.value(element: InformationElement.sourceProcessID.id), at: offset + position)
        }
        defer { position += 8 }
        return FlowProcess(
            pid: bigEndian32(at: position), uid: bigEndian32(at: position + 4), comm: comm, cgroup: cgroup)
    }
}

/// Which optional fields the task record has.
struct TaskLayout: Sendable {
    var hasSource = false
    var hasDestination = false
    var isBidirectional = false

    var octetsAfterName: Int { 16 + (hasSource ? 2 : 0) + (hasDestination ? 2 : 0) + (isBidirectional ? 1 : 0) }

    init(_ template: IPFIXTemplate, at offset: Int) throws(IPFIXFailure) {
        hasSource = template.fields.contains(.sourceIPv4PrefixLength)
        hasDestination = template.fields.contains(.destinationIPv4PrefixLength)
        isBidirectional = template.fields.contains(.biflowDirection)
        var expected = FlowTask(name: "", fields: KeyFields(), bidirectional: isBidirectional)
        if hasSource { expected.fields.source = .whole }
        if hasDestination { expected.fields.destination = .whole }
        guard template.fields == IPFIXTemplate.task(expected).fields, template.scopeCount == 1 else {
            let unknown = template.fields.first { !IPFIXTemplate.task(expected).fields.contains($0) }
            throw IPFIXFailure(
                unknown.map { .unsupportedElement(template: template.id, element: $0.id) }
                    ?? .missingElement(template: template.id), at: offset)
        }
    }
}
