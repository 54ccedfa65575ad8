import Octets

/// What a header list says that matters here (RFC 9113 § 8.3), in one pass over its fields.
struct HTTP2Head {
    var method = HeaderList.Extent.none
    var scheme = HeaderList.Extent.none
    var path = HeaderList.Extent.none
    var authority = HeaderList.Extent.none
    var host = HeaderList.Extent.none
    /// 0: none.
    var status: UInt16 = 0
    var isRequest = false
    var isResponse = false
    var hasUnknownName = false
    var isGRPC = false
    var isEventStream = false
    /// As listed, `identity` left out; `nil` for one nobody knows.
    var contentCodings: [ContentCoding?] = []
    var grpcCodings: [ContentCoding?] = []
    var grpcStatus: UInt32?
    /// `Content-Length`; `nil` where it is no number.
    var contentLength: UInt64?

    init(_ list: borrowing HeaderList) {
        let octets = list.octets.span
        let fields = list.fields.span
        let lengths = Self.lengths
        for index in fields.indices {
            let field = fields[index]
            if field.marks.contains(.unknownName) {
                hasUnknownName = true
                continue
            }
            // Few fields have a name as long as one of those that matter.
            guard field.name.count < 32, lengths &>> UInt64(field.name.count) & 1 != 0 else { continue }
            let name = octets.extracting(field.name.range)
            if name[0] == UInt8(ascii: ":") {
                take(pseudo: name, field.value, octets.extracting(field.value.range))
            } else {
                take(name, field, octets.extracting(field.value.range))
            }
        }
    }

    /// Bit n: there is a name of n octets that says something here.
    private static let lengths = Name.all.reduce(0 as UInt64) { $0 | 1 << UInt64($1.count) }

    private mutating func take(pseudo name: Span<UInt8>, _ extent: HeaderList.Extent, _ value: Span<UInt8>) {
        switch (name.count, name[1]) {
        case (7, UInt8(ascii: "m")) where name.equals(Name.method):
            method = extent
            isRequest = true
        case (7, UInt8(ascii: "s")):
            if name.equals(Name.status) {
                status = UInt16(clamping: value.decimal ?? 0)
                isResponse = true
            } else if name.equals(Name.scheme) {
                scheme = extent
                isRequest = true
            }
        case (5, UInt8(ascii: "p")) where name.equals(Name.path):
            path = extent
            isRequest = true
        case (10, UInt8(ascii: "a")) where name.equals(Name.authority):
            authority = extent
            isRequest = true
        default: break
        }
    }

    private mutating func take(_ name: Span<UInt8>, _ field: HeaderList.Field, _ value: Span<UInt8>) {
        switch (name.count, name[0]) {
        case (4, UInt8(ascii: "h")) where name.equals(Name.host): host = field.value
        case (11, UInt8(ascii: "g")) where name.equals(Name.grpcStatus): grpcStatus = value.decimal
        case (12, UInt8(ascii: "c")) where name.equals(Name.contentType):
            isGRPC = value.starts(with: Name.grpcType) && !value.starts(with: Name.grpcTextType)
            isEventStream = value.starts(with: Name.eventStreamType)
        case (13, UInt8(ascii: "g")) where name.equals(Name.grpcEncoding):
            grpcCodings = []
            Self.append(value, field.marks, to: &grpcCodings)
        case (14, UInt8(ascii: "c")) where name.equals(Name.contentLength):
            contentLength = field.marks.contains(.unknownValue) ? nil : value.length
        case (16, UInt8(ascii: "c")) where name.equals(Name.contentEncoding):
            Self.append(value, field.marks, to: &contentCodings)
        default: break
        }
    }

    /// Takes a list of codings apart (RFC 9110 § 8.4).
    private static func append(
        _ value: Span<UInt8>, _ marks: HeaderList.Marks, to codings: inout [ContentCoding?]
    ) {
        if marks.contains(.unknownValue) { return codings.append(nil) }
        var token: [UInt8] = []
        // Nobody applies more than a few; the rest of a longer list is nothing to act upon.
        for index in 0...value.count where codings.count < 8 {
            let octet = index < value.count ? value[index] : UInt8(ascii: ",")
            if octet == UInt8(ascii: ",") {
                append(token, to: &codings)
                token.removeAll(keepingCapacity: true)
            } else if octet > 0x20, token.count < 16 {
                token.append(0x41...0x5A ~= octet ? octet | 0x20 : octet)
            }
        }
    }

    private static func append(_ token: [UInt8], to codings: inout [ContentCoding?]) {
        switch String(decoding: token, as: UTF8.self) {
        case "", "identity": break
        case "gzip", "x-gzip": codings.append(.gzip)
        case "deflate": codings.append(.deflate)
        case "br": codings.append(.br)
        case "zstd": codings.append(.zstd)
        default: codings.append(nil)
        }
    }

    private enum Name {
        static let method = Array(":method".utf8)
        static let scheme = Array(":scheme".utf8)
        static let path = Array(":path".utf8)
        static let authority = Array(":authority".utf8)
        static let status = Array(":status".utf8)
        static let host = Array("host".utf8)
        static let contentType = Array("content-type".utf8)
        static let contentLength = Array("content-length".utf8)
        static let contentEncoding = Array("content-encoding".utf8)
        static let grpcEncoding = Array("grpc-encoding".utf8)
        static let grpcStatus = Array("grpc-status".utf8)
        static let all = [
            method, scheme, path, authority, status, host, contentType, contentLength, contentEncoding, grpcEncoding,
            grpcStatus,
        ]

        // What values begin with.
        static let grpcType = Array("application/grpc".utf8)
        static let grpcTextType = Array("application/grpc-web-text".utf8)
        static let eventStreamType = Array("text/event-stream".utf8)
    }
}

extension Span where Element == UInt8 {
    fileprivate func equals(_ text: [UInt8]) -> Bool { count == text.count && starts(with: text) }

    fileprivate func starts(with text: [UInt8]) -> Bool {
        guard count >= text.count else { return false }
        for index in text.indices where self[index] != text[index] { return false }
        return true
    }

    /// The number written here in decimal, of at most 18 digits.
    fileprivate var length: UInt64? {
        guard 1...18 ~= count else { return nil }
        var number: UInt64 = 0
        for index in indices {
            let digit = self[index] &- 0x30
            guard digit < 10 else { return nil }
            number = number * 10 + UInt64(digit)
        }
        return number
    }

    /// The number written here in decimal, of at most nine digits.
    fileprivate var decimal: UInt32? { count <= 9 ? length.map { UInt32($0) } : nil }
}
