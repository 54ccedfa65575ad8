import Octets

/// Bodies, and the octets as captured.
extension Redactor {
    enum BodyChange {
        case none
        case edited(OctetEdits)
        /// Nothing of it is shown.
        case withheld
        /// Only the octets before a header block are shown: its fields stand in the message that it belongs to.
        case shownUpToBlock(at: Int)
    }

    func bodyEdits(_ message: borrowing Message) -> BodyChange {
        guard !message.body.octets.isEmpty else { return .none }
        switch message.kind {
        case .gap: return .none
        case .http2Frame: return frameChange(message)
        case .raw: return Self.change(rawEdits(of: message.body.octets.span))
        default: break
        }
        guard redactsBodies else { return .none }
        if !isFollowable(message) { return .withheld }
        var edits = OctetEdits()
        let octets = message.body.octets.span
        addMembers(of: octets, to: &edits)
        if message.kind != .webSocket, message.kind != .grpc, mayBeForm(message) {
            addParameters(of: octets, 0..<octets.count, formNames, .form, to: &edits)
        }
        return edits.isEmpty ? .none : .edited(edits)
    }

    /// False where octets are missing before some that are there, or are coded: a secret may begin in what is not
    /// seen.
    private func isFollowable(_ message: borrowing Message) -> Bool {
        if message.isContinuation { return false }
        for note in message.notes {
            switch note {
            case .gap, .beginningNotSeen, .unknownCoding, .codingsLimited: return false
            default: continue
            }
        }
        return true
    }

    /// Header blocks are coded; DATA is a part of a body cut anywhere. What GOAWAY says for people, and what is in
    /// frames that nobody here knows, may be any text.
    private func frameChange(_ message: borrowing Message) -> BodyChange {
        switch message.code {
        case 0: redactsBodies ? .withheld : .none
        case 1, 5, 9:
            !redactsHeads
                ? .none : message.notes.isEmpty ? .shownUpToBlock(at: message.headerBlockOffset) : .withheld
        case 7: Self.change(rawEdits(of: message.body.octets.span, from: min(8, message.body.octets.count)))
        default: Self.change(rawEdits(of: message.body.octets.span))
        }
    }

    private static func change(_ edits: OctetEdits) -> BodyChange { edits.isEmpty ? .none : .edited(edits) }

    /// By its type (RFC 1866's, as HTML has it), or where no type is known.
    private func mayBeForm(_ message: borrowing Message) -> Bool {
        let list = message.headers
        for field in list.fields where NameSet.equal(Self.contentType.span, list.span(of: field.name)) {
            let type = list.span(of: field.value)
            return type.count >= Self.formType.count
                && NameSet.equal(Self.formType.span, type.extracting(0..<Self.formType.count))
        }
        return true
    }

    private static let contentType = Array("content-type".utf8)
    private static let formType = Array("application/x-www-form-urlencoded".utf8)

    func apply(_ change: BodyChange, to message: inout Message) {
        switch change {
        case .none: return
        case .edited(let edits):
            message.body.octets = edits.applied(to: message.body.octets)
            message.note(.bodyRedacted)
        case .withheld:
            message.note(.bodyWithheld(octets: UInt64(message.body.octets.count)))
            message.body.octets = []
        case .shownUpToBlock(let offset):
            message.body.octets.removeSubrange(min(offset, message.body.octets.count)...)
        }
        // The digest of a short secret can be guessed.
        message.body.digest = []
    }

    // MARK: As captured

    /// Covers secrets in the octets as captured where they stand there as they are; leaves out what is coded.
    func redactWire(_ message: inout Message, head: OctetEdits, body: BodyChange, changesTrailers: Bool) {
        guard !message.wire.isEmpty else { return }
        let total = message.wire.count
        switch message.kind {
        case .http1Request, .http1Response:
            redactWire(ofHTTP1: &message, head: head, body: body, changesTrailers: changesTrailers)
        case .raw, .webSocket:
            if case .none = body { return }
            redactWire(ofBody: &message, body, from: 0)
        case .http2Request, .http2Response:
            if head.isEmpty, !changesTrailers, case .none = body, isWhole(message) { return }
            message.wire = []
        case .http2Frame:
            if case .none = body, message.code != 1 && message.code != 5 && message.code != 9 { return }
            message.wire = []
        case .grpc, .gap: return
        }
        let withheld = total - message.wire.count
        if withheld > 0 { message.note(.wireWithheld(octets: UInt64(withheld))) }
    }

    /// Whether everything that was captured of the message has been looked at.
    private func isWhole(_ message: borrowing Message) -> Bool {
        if redactsBodies, !message.body.isKeptWhole { return false }
        for note in message.notes {
            switch note {
            case .headLimited, .fieldsLimited, .malformed, .gap, .beginningNotSeen: return false
            default: continue
            }
        }
        return true
    }

    private func redactWire(
        ofHTTP1 message: inout Message, head: OctetEdits, body: BodyChange, changesTrailers: Bool
    ) {
        let shown = message.isContinuation ? 0 : message.headers.octets.count
        guard Self.agree(message.wire.span, message.headers.octets.span, shown) else {
            message.wire = []
            return
        }
        if !message.isContinuation { head.mask(&message.wire) }
        guard message.wire.count > shown else { return }
        if changesTrailers || !isWhole(message) {
            message.wire.removeSubrange(shown...)
        } else if case .none = body {
            return
        } else {
            redactWire(ofBody: &message, body, from: shown)
        }
    }

    /// Whether two runs have the same first octets, `count` of them or as many as the first has.
    private static func agree(_ a: Span<UInt8>, _ b: Span<UInt8>, _ count: Int) -> Bool {
        for index in 0..<min(a.count, count) where a[index] != b[index] { return false }
        return true
    }

    private static func isPrefix(_ wire: Span<UInt8>, from start: Int, of body: Span<UInt8>) -> Bool {
        let rest = wire.extracting(start...)
        return rest.count <= body.count && agree(rest, body, rest.count)
    }

    /// Covers secrets of the body where it stands in the wire form, from `start` on, as it is.
    private func redactWire(ofBody message: inout Message, _ change: BodyChange, from start: Int) {
        if case .edited(let edits) = change,
            Self.isPrefix(message.wire.span, from: start, of: message.body.octets.span)
        {
            edits.mask(&message.wire, offset: start)
        } else {
            message.wire.removeSubrange(start...)
        }
    }
}
