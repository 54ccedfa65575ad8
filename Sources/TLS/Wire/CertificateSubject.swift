import Octets

/// Who a certificate (RFC 5280 § 4.1) says it is for.
public enum CertificateSubject {
    static let textOctetsMax = 1_024

    /// The subject of the first certificate in a Certificate message, as RFC 4514 writes names.
    ///
    /// - Parameters:
    ///   - body: the message without its header.
    ///   - is13: TLS 1.3's form (RFC 8446 § 4.4.2), not that of RFC 5246 § 7.4.2.
    public static func first(in body: Span<UInt8>, is13: Bool) throws(TLSFailure) -> String {
        var reader = FieldReader(body, .certificate)
        if is13 { _ = try reader.vector8() }
        var list = FieldReader(body, try reader.vector24(), .certificate)
        return try subject(body, try list.vector24())
    }

    /// - Parameter range: where the certificate lies in `octets`.
    static func subject(_ octets: Span<UInt8>, _ range: Range<Int>) throws(TLSFailure) -> String {
        var outer = DERReader(octets, range)
        var certificate = DERReader(octets, try outer.element(.sequence))
        var fields = DERReader(octets, try certificate.element(.sequence))
        if fields.tag == .version { _ = try fields.element(.version) }
        _ = try fields.element(.integer)  // serial number
        _ = try fields.element(.sequence)  // signature algorithm
        _ = try fields.element(.sequence)  // issuer
        _ = try fields.element(.sequence)  // validity
        return try name(octets, try fields.element(.sequence))
    }

    /// RFC 4514 § 2.1 has the last first, and so does this.
    private static func name(_ octets: Span<UInt8>, _ range: Range<Int>) throws(TLSFailure) -> String {
        var parts: [String] = []
        var names = DERReader(octets, range)
        while !names.isAtEnd {
            var set = DERReader(octets, try names.element(.set))
            var values: [String] = []
            while !set.isAtEnd {
                var pair = DERReader(octets, try set.element(.sequence))
                let type = try pair.element(.objectIdentifier)
                let value = try pair.anyElement()
                values.append("\(typeName([UInt8](octets, type)))=\(text([UInt8](octets, value)))")
            }
            parts.append(values.joined(separator: "+"))
        }
        return String(decoding: parts.reversed().joined(separator: ",").utf8.prefix(textOctetsMax), as: UTF8.self)
    }

    /// RFC 4514 § 3, of id-at (2.5.4); others by their number.
    private static func typeName(_ identifier: [UInt8]) -> String {
        let names: [UInt8: String] = [
            3: "CN", 4: "SN", 5: "serialNumber", 6: "C", 7: "L", 8: "ST", 9: "STREET", 10: "O", 11: "OU", 12: "title",
        ]
        if identifier.count == 3, identifier[0] == 0x55, identifier[1] == 0x04 {
            return names[identifier[2]] ?? "2.5.4.\(identifier[2])"
        }
        if identifier == [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x19] { return "DC" }
        if identifier == [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x01] { return "emailAddress" }
        return "OID.\(hexadecimal(identifier))"
    }

    /// Strings of all kinds are taken for UTF-8; RFC 4514 § 2.4 escapes what has a meaning.
    private static func text(_ value: [UInt8]) -> String {
        var text = ""
        for scalar in String(decoding: value, as: UTF8.self).unicodeScalars {
            if ",+\"\\<>;=".unicodeScalars.contains(scalar) { text.append("\\") }
            text.unicodeScalars.append(scalar)
        }
        return text
    }
}

/// Walks DER (X.690 § 8.1, § 10.1): tag, definite length, value.
struct DERReader: ~Escapable {
    struct Tag: Equatable {
        var octet: UInt8
        static let integer = Tag(octet: 0x02)
        static let objectIdentifier = Tag(octet: 0x06)
        static let sequence = Tag(octet: 0x30)
        static let set = Tag(octet: 0x31)
        static let version = Tag(octet: 0xA0)
    }

    private let octets: Span<UInt8>
    private var position: Int
    private let end: Int

    @_lifetime(copy octets)
    init(_ octets: Span<UInt8>, _ range: Range<Int>) {
        self.octets = octets
        position = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { position >= end }
    var tag: Tag? { isAtEnd ? nil : Tag(octet: octets[position]) }

    /// The value of the next element, which must have this tag.
    @_lifetime(self: copy self)
    mutating func element(_ tag: Tag) throws(TLSFailure) -> Range<Int> {
        guard self.tag == tag else { throw TLSFailure(.distinguishedName, .invalidField, at: position) }
        return try anyElement()
    }

    @_lifetime(self: copy self)
    mutating func anyElement() throws(TLSFailure) -> Range<Int> {
        guard end - position >= 2 else { throw TLSFailure(.distinguishedName, .truncated, at: position) }
        var length = Int(octets[position + 1])
        var start = position + 2
        if length >= 0x80 {
            // No certificate needs more than three octets of length.
            let count = length & 0x7F
            guard 1...3 ~= count, end - start >= count else {
                throw TLSFailure(.distinguishedName, .invalidField, at: position)
            }
            length = 0
            for index in 0..<count { length = length << 8 | Int(octets[start + index]) }
            start += count
        }
        guard length <= end - start else {
            throw TLSFailure(.distinguishedName, .lengthBeyondStructure, at: position)
        }
        position = start + length
        return start..<position
    }
}
