import Flows
import Headers
import Octets

/// A template that was read, and where its records keep what they say.
struct CompiledTemplate: Sendable {
    enum Content: Sendable {
        case task(TaskLayout), end, rows(RowLayout)
    }

    var template: IPFIXTemplate
    var content: Content

    init(_ template: IPFIXTemplate, at offset: Int) throws(IPFIXFailure) {
        self.template = template
        if template.scopeCount == 0 {
            content = .rows(try RowLayout(template, at: offset))
        } else if template.scopeCount == 1, template.fields == IPFIXTemplate.end.fields {
            content = .end
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
        try need(5)
        guard body.bigEndian32(at: position) == domain else {
            throw IPFIXFailure(.value(element: InformationElement.observationDomainId.id), at: offset + position)
        }
        self.domain = domain
        // RFC 7011 § 7: one octet, or 255 and two octets.
        var length = Int(body[position + 4])
        position += 5
        if length == 255 {
            try need(2)
            length = Int(body.bigEndian16(at: position))
            position += 2
        }
        try need(length + layout.octetsAfterName)
        name = String(decoding: (position..<(position + length)).map { body[$0] }, as: UTF8.self)
        guard name.utf8.count == length, length <= IPFIXEncoder.nameOctetsMax else {
            throw IPFIXFailure(.value(element: InformationElement.observationDomainName.id), at: offset + position)
        }
        position += length
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
