import Octets

/// Heads: fields by name, lines of HTTP/1, targets.
extension Redactor {
    func headEdits(_ message: borrowing Message) -> OctetEdits {
        var edits = fieldEdits(message.headers)
        let octets = message.headers.octets.span
        if !queryNames.isEmpty {
            addParameters(of: octets, message.target.range, queryNames, .url, to: &edits)
        }
        if message.kind == .http1Request || message.kind == .http1Response {
            // A line may be no field and still hold what it looks like.
            if !edits.isEmpty || !message.notes.isEmpty { addLines(of: octets, to: &edits) }
            if !queryNames.isEmpty {
                let end = endOfLine(octets, from: 0)
                addParameters(of: octets, 0..<end, queryNames, .word, to: &edits)
            }
        }
        return edits
    }

    func fieldEdits(_ list: borrowing HeaderList) -> OctetEdits {
        var edits = OctetEdits()
        let octets = list.octets.span
        for field in list.fields {
            let name = list.span(of: field.name)
            if field.marks.contains(.unknownName), !headerNames.isEmpty {
                let value = field.value.range
                edits.replace(value, by: marker.marker(for: octets.extracting(value)))
            } else if headerNames.contains(name) {
                addSecret(of: octets, name, field.value.range, to: &edits)
            } else if !queryNames.isEmpty, Self.urlFields.contains(name) {
                addParameters(of: octets, field.value.range, queryNames, .url, to: &edits)
            }
        }
        return edits
    }

    private static let urlFields = NameSet([":path", "Location", "Content-Location", "Referer"])

    /// Looks at every line for what stands before its colon. Folded lines (RFC 9112 § 5.2) belong to the value.
    func addLines(of octets: Span<UInt8>, from start: Int = 0, to edits: inout OctetEdits) {
        var start = start
        while start < octets.count {
            let end = endOfLine(octets, from: start)
            if let colon = colon(of: octets, start..<end) {
                var nameEnd = colon
                while nameEnd > start, Self.isBlank(octets[nameEnd - 1]) { nameEnd -= 1 }
                let name = octets.extracting(start..<nameEnd)
                if headerNames.contains(name) {
                    addSecret(of: octets, name, valueRange(octets, from: colon + 1), to: &edits)
                }
            }
            start = end + 1
        }
    }

    private func colon(of octets: Span<UInt8>, _ line: Range<Int>) -> Int? {
        for index in line where octets[index] == UInt8(ascii: ":") { return index }
        return nil
    }

    /// The index of the LF, or of a CR that no LF follows, which ends the line at `start`; or the end of all.
    private func endOfLine(_ octets: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < octets.count, octets[index] != 0x0A {
            if octets[index] == 0x0D, index + 1 == octets.count || octets[index + 1] != 0x0A { return index }
            index += 1
        }
        return index
    }

    /// From the first octet that is no blank to the line's end, and on over lines that begin with a blank. A CR alone
    /// ends no value.
    func valueRange(_ octets: Span<UInt8>, from colon: Int) -> Range<Int> {
        var start = colon
        while start < octets.count, Self.isBlank(octets[start]) { start += 1 }
        var end = start
        while end < octets.count {
            if octets[end] == 0x0A, end + 1 == octets.count || !Self.isBlank(octets[end + 1]) { break }
            end += 1
        }
        if end > start, octets[end - 1] == 0x0D { end -= 1 }
        return start..<end
    }

    static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 }

    // MARK: The secret part of a value

    private func addSecret(
        of octets: Span<UInt8>, _ name: Span<UInt8>, _ value: Range<Int>, to edits: inout OctetEdits
    ) {
        if NameSet.equal(Self.cookie.span, name) || NameSet.equal(Self.setCookie.span, name) {
            addCookies(of: octets, value, isSet: name.count == Self.setCookie.count, to: &edits)
            return
        }
        var secret = value
        if Self.credentialFields.contains(name) {
            // The scheme stays, if it is one: `Authorization: Bearer <redacted>`.
            let blank = value.first { Self.isBlank(octets[$0]) } ?? value.upperBound
            if blank < value.upperBound, Self.schemes.contains(octets.extracting(value.lowerBound..<blank)) {
                secret = blank..<value.upperBound
                while let first = secret.first, Self.isBlank(octets[first]) { secret = (first + 1)..<secret.upperBound }
            }
        }
        edits.replace(secret, by: marker.marker(for: octets.extracting(secret)))
    }

    private static let cookie = Array("cookie".utf8)
    private static let setCookie = Array("set-cookie".utf8)
    private static let credentialFields = NameSet(["Authorization", "Proxy-Authorization"])
    /// IANA's registry of authentication schemes, and a few that are used without being in it.
    private static let schemes = NameSet([
        "Basic", "Bearer", "Concealed", "Digest", "DPoP", "GNAP", "HOBA", "Mutual", "Negotiate", "OAuth",
        "PrivateToken", "SCRAM-SHA-1", "SCRAM-SHA-256", "vapid", "NTLM", "AWS4-HMAC-SHA256", "Token", "ApiKey",
    ])
    private static let cookieAttributes = NameSet([
        "Expires", "Max-Age", "Domain", "Path", "Secure", "HttpOnly", "SameSite", "Partitioned", "Priority",
    ])

    /// `sid=<redacted>; Path=/`: names stay, and of `Set-Cookie` the attributes (RFC 6265 § 4).
    private func addCookies(of octets: Span<UInt8>, _ value: Range<Int>, isSet: Bool, to edits: inout OctetEdits) {
        // Within quotes a semicolon may be part of the value.
        let isQuoted = value.contains { octets[$0] == 0x22 }
        var start = value.lowerBound
        var isFirst = true
        while start < value.upperBound {
            while start < value.upperBound, Self.isBlank(octets[start]) { start += 1 }
            let rest = start..<value.upperBound
            let end = isQuoted ? value.upperBound : rest.first { octets[$0] == UInt8(ascii: ";") } ?? value.upperBound
            let equals = (start..<end).first { octets[$0] == UInt8(ascii: "=") }
            let isAttribute =
                isSet && !isFirst && Self.cookieAttributes.contains(octets.extracting(start..<(equals ?? end)))
            if !isAttribute {
                let secret = (equals.map { $0 + 1 } ?? start)..<end
                edits.replace(secret, by: marker.marker(for: octets.extracting(secret)))
            }
            isFirst = false
            start = end + 1
        }
    }
}
