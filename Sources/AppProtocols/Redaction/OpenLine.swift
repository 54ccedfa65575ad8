/// How the last raw octets of a direction end: a line that was cut by a gap, a silence, or the limit of a message goes
/// on in the next ones, whose first line does not say what it is.
enum OpenLine: Equatable {
    /// With nothing that is secret.
    case plain
    /// Within a secret, or right before one: it goes on up to the end of the line.
    case secret
    /// With what may be the beginning of a secret field's name.
    case name([UInt8])
}

extension Redactor {
    /// Redacts the next message of a direction.
    /// - Parameter line: how its last one ended, and how this one does.
    func redact(_ message: inout Message, after line: inout OpenLine) {
        switch message.kind {
        case .raw:
            let edits = rawEdits(of: message.body.octets.span, after: line)
            let next = ending(of: message.body.octets.span, edits, after: line)
            apply(raw: edits, to: &message)
            line = next
        case .gap:
            // The rest of the name may be what is missing.
            if case .name = line { line = .secret }
        default:
            line = isCut(message) ? ending(of: message.headers.octets.span, OctetEdits(), after: .plain) : .plain
            redact(&message)
        }
    }

    /// What follows the head stands in raw messages.
    func isCut(_ message: borrowing Message) -> Bool {
        message.notes.contains { if case .headLimited = $0 { true } else { false } }
    }

    private func apply(raw edits: OctetEdits, to message: inout Message) {
        guard !edits.isEmpty else { return }
        redactWire(&message, head: OctetEdits(), body: .edited(edits), changesTrailers: false)
        apply(.edited(edits), to: &message)
    }

    /// Secrets in octets of no known protocol: lines that look like a field, members, parameters.
    /// - Parameters:
    ///   - start: where text begins.
    ///   - line: how what stood before ended.
    func rawEdits(of octets: Span<UInt8>, from start: Int = 0, after line: OpenLine = .plain) -> OctetEdits {
        var edits = OctetEdits()
        switch line {
        case .plain: break
        case .secret:
            let rest = valueRange(octets, from: start)
            edits.replace(start..<rest.upperBound, by: marker.marker(for: octets.extracting(start..<rest.upperBound)))
        case .name(let beginning): addField(of: octets, named: beginning, to: &edits)
        }
        addLines(of: octets, from: start, to: &edits)
        addMembers(of: octets, to: &edits)
        addParameters(of: octets, start..<octets.count, formNames, .word, to: &edits)
        return edits
    }

    /// A field whose name began before these octets.
    private func addField(of octets: Span<UInt8>, named beginning: [UInt8], to edits: inout OctetEdits) {
        var name = beginning
        for index in octets.indices {
            if octets[index] == UInt8(ascii: ":") {
                guard isSecret(name.span) else { return }
                let value = valueRange(octets, from: index + 1)
                return edits.replace(value, by: marker.marker(for: octets.extracting(value)))
            }
            guard octets[index] != 0x0A, name.count <= headerNames.lengthMax + Self.blanksMax else { return }
            name.append(octets[index])
        }
    }

    /// Blanks between a name and its colon are rare, and few.
    private static let blanksMax = 16

    /// Without regard to blanks behind it.
    private func isSecret(_ name: Span<UInt8>) -> Bool {
        var end = name.count
        while end > 0, Self.isBlank(name[end - 1]) { end -= 1 }
        return headerNames.contains(name.extracting(0..<end))
    }

    // MARK: How it ends

    /// Octets of a last line that are looked at.
    private static let lineOctetsMax = 4_096

    private func ending(of octets: Span<UInt8>, _ edits: OctetEdits, after line: OpenLine) -> OpenLine {
        guard !octets.isEmpty else { return line }
        var start = octets.count
        while start > 0, octets[start - 1] != 0x0A, octets.count - start < Self.lineOctetsMax { start -= 1 }
        guard start < octets.count else { return .plain }
        if edits.edits.last?.range.upperBound == octets.count { return .secret }
        var last: [UInt8] = []
        if start == 0 {
            switch line {
            case .plain: break
            case .secret: return .secret
            case .name(let beginning): last = beginning
            }
        }
        for index in start..<octets.count { last.append(octets[index]) }
        if headerNames.isBeginning(last.span) { return .name(last) }
        // Whatever came next would be part of a secret.
        last.append(UInt8(ascii: "x"))
        return rawEdits(of: last.span).edits.last?.range.upperBound == last.count ? .secret : .plain
    }
}
