import Octets

/// Takes secrets out of messages and transactions, before any writer sees them.
///
/// Names and the shape of values stay (`Authorization: Bearer <redacted>`, `sid=<redacted>; Path=/`); the secret stands
/// nowhere any more: not in the head, the fields, the body, the digest of the body, the octets as captured. Octets
/// in which secrets cannot be found surely (header blocks of HTTP/2, coded or chunked bodies as captured, parts of a
/// body whose beginning is missing) are left out, and a note says how many.
///
/// Of octets that no parser understood, lines that look like a header field and, where bodies are redacted, JSON
/// members and parameters are covered; more is not known of them. Of a secret that a gap or a silence cuts in two, the
/// rest is covered up to the end of the line. In messages of gRPC only JSON is found, as protobuf has no names.
public struct Redactor {
    let headerNames: NameSet
    let queryNames: NameSet
    let jsonNames: NameSet
    /// Of form-encoded bodies: both.
    let formNames: NameSet
    let marker: SecretMarker

    /// - Parameters:
    ///   - salt: 16 or more random octets of this run, for `Mode.hash`.
    ///   - tools: whose digest `Mode.hash` uses; without one, secrets are removed instead.
    public init(_ settings: RedactionSettings, salt: [UInt8], tools: any BodyTools) {
        headerNames = NameSet(settings.headers)
        queryNames = NameSet(settings.query)
        jsonNames = NameSet(settings.json)
        formNames = NameSet(settings.query + settings.json)
        marker = SecretMarker(settings.mode, salt: salt, tools)
    }

    /// True where anything of bodies is to be redacted.
    var redactsBodies: Bool { !formNames.isEmpty }
    /// True where anything of heads is to be redacted.
    var redactsHeads: Bool { !headerNames.isEmpty || !queryNames.isEmpty }

    /// False where `redact` changes no transaction.
    var redactsTransactions: Bool { !queryNames.isEmpty }

    /// False where `redact` would change nothing. Costs a comparison of lengths per field as a rule.
    public func concerns(_ message: borrowing Message) -> Bool {
        guard redactsHeads || redactsBodies else { return false }
        if redactsBodies || !queryNames.isEmpty { return true }
        switch message.kind {
        case .raw, .http2Frame: return true
        case .gap: return false
        default: break
        }
        // What is odd about a head may be that a line of it is no field.
        if !message.notes.isEmpty { return true }
        return concerns(message.headers) || concerns(message.trailers)
    }

    private func concerns(_ list: borrowing HeaderList) -> Bool {
        let names = headerNames
        let fields = list.fields.span
        for index in fields.indices {
            // A name that was never seen may be any.
            if fields[index].marks.contains(.unknownName) { return true }
            let name = fields[index].name
            if names.mayContain(octets: Int(name.count)), names.contains(list.span(of: name)) { return true }
        }
        return false
    }

    public func redact(_ message: inout Message) {
        guard concerns(message) else { return }
        let head = headEdits(message)
        let trailers = fieldEdits(message.trailers)
        let body = bodyEdits(message)
        redactWire(&message, head: head, body: body, changesTrailers: !trailers.isEmpty)
        if !head.isEmpty { apply(head, to: &message) }
        if !trailers.isEmpty { apply(trailers, to: &message.trailers) }
        apply(body, to: &message)
    }

    public func redact(_ transaction: inout Transaction) {
        guard !queryNames.isEmpty else { return }
        var edits = OctetEdits()
        let target = transaction.target
        addParameters(of: target.span, 0..<target.count, queryNames, .url, to: &edits)
        if !edits.isEmpty { transaction.target = edits.applied(to: target) }
    }

    private func apply(_ edits: OctetEdits, to message: inout Message) {
        apply(edits, to: &message.headers)
        message.method = edits.moved(message.method)
        message.target = edits.moved(message.target)
        message.host = edits.moved(message.host)
        message.reason = edits.moved(message.reason)
    }

    private func apply(_ edits: OctetEdits, to list: inout HeaderList) {
        list.octets = edits.applied(to: list.octets)
        for index in list.fields.indices {
            list.fields[index].name = edits.moved(list.fields[index].name)
            list.fields[index].value = edits.moved(list.fields[index].value)
        }
    }
}
