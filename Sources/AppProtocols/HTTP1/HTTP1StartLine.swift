import Events

/// The first line of a request or response (RFC 9112 § 3, § 4), and how to know one.
///
/// One judgement serves detection, parsing and finding the next message behind damage, so that they never disagree:
/// a request is a method of at most 24 token characters, a space, a target, and ` HTTP/d.d` at the end of the line;
/// a response begins `HTTP/d.d ddd`.
struct HTTP1StartLine {
    /// No method in the IANA registry is longer than 17 (`UPDATEREDIRECTREF`).
    static let methodOctetsMax = 24
    /// Longer first lines are not taken for HTTP. Servers stop at 8 KiB.
    static let octetsMax = 16_384

    var isRequest = false
    var version: UInt8 = 0
    var status: UInt16 = 0
    /// Ranges of the octets given to `parse`.
    var method = 0..<0, target = 0..<0, reason = 0..<0
    /// Read all the same, but not as the grammar has it.
    var isOdd = false

    /// Reads the line `octets[range]`, line end left out; `nil` if it is no start line.
    static func parse(_ octets: Span<UInt8>, _ range: Range<Int>) -> HTTP1StartLine? {
        if isResponseStart(octets, range) { return response(octets, range) }
        return request(octets, range)
    }

    /// `HTTP/d.d ddd`.
    @inline(__always)
    static func isResponseStart(_ octets: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let start = range.lowerBound
        guard range.count >= 12, isVersion(octets, at: start), octets[start + 8] == LineScan.space else {
            return false
        }
        return LineScan.isDigit(octets[start + 9]) && LineScan.isDigit(octets[start + 10])
            && LineScan.isDigit(octets[start + 11])
    }

    /// `HTTP/d.d` in eight octets that are there.
    @inline(__always)
    private static func isVersion(_ octets: Span<UInt8>, at start: Int) -> Bool {
        let word = octets.word(at: start)
        // "HTTP/" and "." with the digits' places left out.
        return word & 0x00FF_00FF_FFFF_FFFF == 0x002E_002F_5054_5448
            && LineScan.isDigit(octets[start + 5]) && LineScan.isDigit(octets[start + 7])
    }

    private static func version(_ octets: Span<UInt8>, at start: Int) -> UInt8 {
        (octets[start + 5] & 15) * 10 + (octets[start + 7] & 15)
    }

    private static func response(_ octets: Span<UInt8>, _ range: Range<Int>) -> HTTP1StartLine {
        var line = HTTP1StartLine()
        let start = range.lowerBound
        line.version = version(octets, at: start)
        line.status =
            UInt16(octets[start + 9] & 15) * 100 + UInt16(octets[start + 10] & 15) * 10
            + UInt16(octets[start + 11] & 15)
        let separated = range.count > 12 && octets[start + 12] == LineScan.space
        line.reason = (start + (separated ? 13 : min(12, range.count)))..<range.upperBound
        line.isOdd = (range.count > 12 && !separated) || line.status < 100
        return line
    }

    private static func request(_ octets: Span<UInt8>, _ range: Range<Int>) -> HTTP1StartLine? {
        guard case .method(let length) = method(octets, range) else { return nil }
        var end = range.upperBound
        while end > range.lowerBound, LineScan.isBlank(octets[end - 1]) { end -= 1 }
        let versionStart = end - 8
        // A method, a space, one octet of target at least, a space.
        guard versionStart >= range.lowerBound + length + 3, isVersion(octets, at: versionStart),
            octets[versionStart - 1] == LineScan.space
        else { return nil }
        let rest = (range.lowerBound + length + 1)..<(versionStart - 1)
        let target = LineScan.trimmed(octets, rest)
        guard !target.isEmpty else { return nil }
        var line = HTTP1StartLine()
        line.isRequest = true
        line.version = version(octets, at: versionStart)
        line.method = range.lowerBound..<(range.lowerBound + length)
        line.target = target
        // The preface of HTTP/2 (RFC 9113 § 3.4) looks like a request of ours and is none.
        if line.version == 20, LineScan.equals(octets, line.method, "pri") { return nil }
        line.isOdd = end != range.upperBound || target != rest
        var index = LineScan.control(octets, from: target.lowerBound, below: 0x21)
        while index < target.upperBound {
            // A control octet makes it something binary; a blank is odd only.
            guard LineScan.isBlank(octets[index]) || octets[index] == LineScan.cr else { return nil }
            line.isOdd = true
            index = LineScan.control(octets, from: index + 1, below: 0x21)
        }
        return line
    }

    private enum Method { case method(Int), none, needMore }

    /// The method's length, if a space ends it.
    @inline(__always)
    private static func method(_ octets: Span<UInt8>, _ range: Range<Int>) -> Method {
        let end = min(range.upperBound, range.lowerBound + methodOctetsMax + 1)
        var index = range.lowerBound
        while index < end {
            let octet = octets[index]
            if octet == LineScan.space { return index == range.lowerBound ? .none : .method(index - range.lowerBound) }
            guard LineScan.isToken(octet) else { return .none }
            index += 1
        }
        return index - range.lowerBound > methodOctetsMax ? .none : .needMore
    }

    /// Whether a start line stands at `start`. The answer for a prefix holds for everything that begins so.
    /// - Parameters:
    ///   - scanned: octets behind `start` already found to hold no line end; made larger by the search.
    ///   - line: set to the line where it is one and there is all of it.
    static func detect(
        _ octets: Span<UInt8>, at start: Int, scanned: inout Int, line found: inout HTTP1StartLine?
    ) -> Detection {
        let available = octets.count - start
        guard available > 0 else { return .needMore }
        if octets[start] == 0x48, let answer = detectResponse(octets, at: start) { return answer }
        if case .none = method(octets, start..<octets.count) { return .no }
        var position = start + scanned
        var odd: LineScan.Oddities = []
        let line = LineScan.line(octets, from: &position, &odd)
        scanned = position - start
        if odd.contains(.control) { return .no }
        guard let line, line.end - start < octetsMax else {
            return line == nil && available < octetsMax + 2 ? .needMore : .no
        }
        found = request(octets.extracting(start..<line.end), 0..<(line.end - start))
        return found == nil ? .no : .yes
    }

    /// The answer for octets that begin with H: `nil` where they may still be a request.
    private static func detectResponse(_ octets: Span<UInt8>, at start: Int) -> Detection? {
        if octets.count - start >= 12 {
            return isResponseStart(octets, start..<octets.count) ? .yes : nil
        }
        var index = 0
        for expected in "HTTP/".utf8 {
            guard start + index < octets.count else { return .needMore }
            if octets[start + index] != expected { return nil }
            index += 1
        }
        return .needMore
    }

    /// Where in the line `octets[range]` a message may begin: the line is one, or ends with a request line of a known
    /// method, or holds the beginning of a response. What stands before is the rest of something else.
    static func candidate(_ octets: Span<UInt8>, _ range: Range<Int>) -> Int? {
        guard range.count >= 12 else { return nil }
        // Before, as what stands before a method may look like the beginning of one.
        if let start = requestInside(octets, range) { return start }
        if parse(octets, range) != nil { return range.lowerBound }
        var index = range.lowerBound
        while index <= range.upperBound - 12 {
            if octets[index] == 0x48, isResponseStart(octets, index..<range.upperBound) { return index }
            index += 1
        }
        return nil
    }

    /// Those that end as another one does stand before it.
    private static let knownMethods = [
        "GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PROPPATCH", "ORDERPATCH", "PATCH", "CONNECT",
        "TRACE", "PROPFIND", "REPORT",
    ]

    /// Whether octets begin as a response does.
    static func detectResponse(_ octets: Span<UInt8>) -> Detection {
        guard begins(octets, "HTTP/") else { return .no }
        guard octets.count >= 12 else { return .needMore }
        return isResponseStart(octets, 0..<octets.count) ? .yes : .no
    }

    /// Whether octets begin with the line of a request of a known method.
    static func detectUsualRequest(_ octets: Span<UInt8>) -> Detection {
        guard isUsualRequest(octets) else { return .no }
        var scanned = 0
        var line: HTTP1StartLine?
        return detect(octets, at: 0, scanned: &scanned, line: &line)
    }

    /// Whether octets may be the beginning of a known method's request, or of a response, perhaps behind empty lines.
    static func isUsualBeginning(_ octets: Span<UInt8>) -> Bool {
        var start = 0
        while start < octets.count, octets[start] == LineScan.cr || octets[start] == LineScan.lf { start += 1 }
        let rest = octets.extracting(start...)
        return !rest.isEmpty && (begins(rest, "HTTP/") || isUsualRequest(rest))
    }

    private static func isUsualRequest(_ octets: Span<UInt8>) -> Bool {
        knownMethods.contains { begins(octets, "\($0) ") }
    }

    /// Whether octets, as many as there are, agree with a text.
    private static func begins(_ octets: Span<UInt8>, _ text: String) -> Bool {
        zip(octets.indices, text.utf8).allSatisfy { octets[$0] == $1 }
    }

    private static func requestInside(_ octets: Span<UInt8>, _ range: Range<Int>) -> Int? {
        let versionStart = range.upperBound - 8
        guard isVersion(octets, at: versionStart), octets[versionStart - 1] == LineScan.space else { return nil }
        var separator = versionStart - 2
        while separator > range.lowerBound, octets[separator] != LineScan.space { separator -= 1 }
        for method in knownMethods {
            let start = separator - method.utf8.count
            guard start >= range.lowerBound else { continue }
            if zip(start..<separator, method.utf8).allSatisfy({ octets[$0] == $1 }),
                request(octets, start..<range.upperBound) != nil
            {
                return start
            }
        }
        return nil
    }
}
