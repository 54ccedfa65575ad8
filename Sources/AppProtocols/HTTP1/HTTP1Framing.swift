/// What a head says about the body behind it (RFC 9112 § 6) and about the protocol to go on with.
struct HTTP1Framing {
    enum Length: Equatable { case absent, octets(UInt64), bad }

    var length = Length.absent
    /// `chunked` is the last transfer coding.
    var isChunked = false
    /// A transfer coding other than `identity` is named.
    var hasTransferCoding = false
    /// Content codings, then transfer codings without `chunked`, in the order they were applied.
    var codings: [ContentCoding?] = []
    var isEventStream = false
    /// The request waits for `100 (Continue)` before it sends its body (RFC 9110 § 10.1.1).
    var expectsContinue = false
    /// In the head's octets: values of the fields of that name, the first of each.
    var host = HeaderList.Extent.none
    var upgrade = HeaderList.Extent.none
    var webSocketExtensions = HeaderList.Extent.none
    /// Octets that recipients may understand in different ways: how requests are smuggled.
    var problems: [Malformation] = []

    private var transferCodings: [ContentCoding?] = []
    /// There is a `Transfer-Encoding` field, whatever it says.
    private var namesTransferCoding = false

    init(_ headers: borrowing HeaderList) {
        let octets = headers.octets.span
        for index in headers.fields.indices {
            read(headers.fields[index], octets)
        }
        if !transferCodings.isEmpty { codings += transferCodings }
        // `identity` frames nothing, but there are recipients that let it take the length away.
        if namesTransferCoding, length != .absent { problem(.conflictingLength) }
    }

    /// Length and first letter tell nearly all names apart, so a field that is of no interest costs one switch.
    @inline(__always)
    private mutating func read(_ field: HeaderList.Field, _ octets: Span<UInt8>) {
        let name = field.name.range
        guard !name.isEmpty else { return }
        switch (name.count, octets[name.lowerBound] | 0x20) {
        case (4, 0x68): if named(octets, name, "host"), host.isEmpty { host = field.value }
        case (6, 0x65):
            if named(octets, name, "expect"), LineScan.equals(octets, field.value.range, "100-continue") {
                expectsContinue = true
            }
        case (7, 0x75): if named(octets, name, "upgrade"), upgrade.isEmpty { upgrade = field.value }
        case (14, 0x63): if named(octets, name, "content-length") { readLength(octets, field.value.range) }
        case (17, 0x74): if named(octets, name, "transfer-encoding") { readTransferCodings(octets, field.value.range) }
        case (16, 0x63): if named(octets, name, "content-encoding") { readContentCodings(octets, field.value.range) }
        case (12, 0x63):
            if named(octets, name, "content-type") {
                let value = field.value.range
                isEventStream = LineScan.equals(octets, value.prefix(17), "text/event-stream")
            }
        case (24, 0x73):
            if named(octets, name, "sec-websocket-extensions"), webSocketExtensions.isEmpty {
                webSocketExtensions = field.value
            }
        default: break
        }
    }

    @inline(__always) private func named(_ octets: Span<UInt8>, _ name: Range<Int>, _ text: String) -> Bool {
        LineScan.equals(octets, name, text)
    }

    private mutating func problem(_ malformation: Malformation) {
        if !problems.contains(malformation) { problems.append(malformation) }
    }

    /// RFC 9112 § 6.3: digits, or a list of the same digits. Of different lengths the first is taken, and it is noted.
    private mutating func readLength(_ octets: Span<UInt8>, _ value: Range<Int>) {
        var start = value.lowerBound
        while true {
            var end = start
            while end < value.upperBound, octets[end] != 0x2C { end += 1 }
            let one = Self.decimal(octets, LineScan.trimmed(octets, start..<end))
            switch (length, one) {
            case (_, nil):
                problem(.contentLength)
                if length == .absent { length = .bad }
            case (.absent, let one?): length = .octets(one)
            case (.octets(let first), let one?): if first != one { problem(.conflictingLength) }
            case (.bad, let one?):
                problem(.conflictingLength)
                length = .octets(one)
            }
            guard end < value.upperBound else { return }
            start = end + 1
        }
    }

    /// `nil` for what is no number below 2⁶³.
    private static func decimal(_ octets: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard !range.isEmpty else { return nil }
        var value: UInt64 = 0
        for index in range {
            guard LineScan.isDigit(octets[index]), value < UInt64(Int64.max) / 10 else { return nil }
            value = value * 10 + UInt64(octets[index] & 15)
        }
        return value
    }

    private mutating func readTransferCodings(_ octets: Span<UInt8>, _ value: Range<Int>) {
        namesTransferCoding = true
        // An empty element (`,chunked`) is allowed and not understood by all.
        var isEmpty = true
        for index in value where !LineScan.isBlank(octets[index]) {
            if octets[index] == 0x2C, isEmpty { problem(.transferCoding) }
            isEmpty = octets[index] == 0x2C
        }
        if isEmpty { problem(.transferCoding) }
        forEachElement(octets, value) { framing, element in
            if LineScan.equals(octets, element, "chunked") {
                // Applied twice, or behind itself: nobody may (RFC 9112 § 7.1).
                if framing.isChunked { framing.problem(.transferCoding) }
                framing.isChunked = true
                framing.hasTransferCoding = true
                return
            }
            if framing.isChunked {
                // `chunked` must be last, so it frames nothing where something stands behind it.
                framing.problem(.transferCoding)
                framing.isChunked = false
            }
            if LineScan.equals(octets, element, "identity") { return }
            framing.hasTransferCoding = true
            let coding = Self.coding(octets, element)
            if coding == nil { framing.problem(.transferCoding) }
            framing.transferCodings.append(coding)
        }
    }

    private mutating func readContentCodings(_ octets: Span<UInt8>, _ value: Range<Int>) {
        forEachElement(octets, value) { framing, element in
            if LineScan.equals(octets, element, "identity") { return }
            framing.codings.append(Self.coding(octets, element))
        }
    }

    /// The elements of a comma-separated list, parameters (`;…`) left out, empty ones skipped (RFC 9110 § 5.6.1).
    private mutating func forEachElement(
        _ octets: Span<UInt8>, _ value: Range<Int>, _ body: (inout HTTP1Framing, Range<Int>) -> Void
    ) {
        var start = value.lowerBound
        // A list of thousands of codings is an attack on memory.
        var left = 32
        while start < value.upperBound, left > 0 {
            var end = start
            while end < value.upperBound, octets[end] != 0x2C { end += 1 }
            var nameEnd = start
            while nameEnd < end, octets[nameEnd] != 0x3B { nameEnd += 1 }
            let element = LineScan.trimmed(octets, start..<nameEnd)
            if !element.isEmpty { body(&self, element) }
            start = end + 1
            left -= 1
        }
    }

    static func coding(_ octets: Span<UInt8>, _ name: Range<Int>) -> ContentCoding? {
        if LineScan.equals(octets, name, "gzip") || LineScan.equals(octets, name, "x-gzip") { return .gzip }
        if LineScan.equals(octets, name, "deflate") { return .deflate }
        if LineScan.equals(octets, name, "br") { return .br }
        if LineScan.equals(octets, name, "zstd") { return .zstd }
        return nil
    }
}
