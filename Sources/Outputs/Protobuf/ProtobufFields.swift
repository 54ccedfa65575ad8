import Octets

/// The fields of a protobuf message one by one, in place: enough to frame a stream and to tell numberings apart.
struct ProtobufFields: ~Escapable {
    /// Wire types (https://protobuf.dev/programming-guides/encoding/).
    enum WireType: UInt8 { case varint = 0, fixed64 = 1, lengthDelimited = 2, fixed32 = 5 }

    let octets: Span<UInt8>
    private(set) var position = 0

    @_lifetime(copy octets)
    init(_ octets: Span<UInt8>) { self.octets = octets }

    /// The next field's number, wire type and contents (of a varint its octets); `nil` at the end and where the octets
    /// are no field.
    @_lifetime(self: copy self)
    mutating func next() -> (number: UInt64, type: WireType, contents: Range<Int>)? {
        guard position < octets.count, let key = Self.varint(octets, at: &position),
            let type = WireType(rawValue: UInt8(truncatingIfNeeded: key & 7))
        else { return nil }
        let start = position
        switch type {
        case .varint:
            guard Self.varint(octets, at: &position) != nil else { return nil }
            return (key >> 3, type, start..<position)
        case .fixed64: return take(8, key, type)
        case .fixed32: return take(4, key, type)
        case .lengthDelimited:
            guard let length = Self.varint(octets, at: &position), length <= UInt64(octets.count - position) else {
                return nil
            }
            return take(Int(length), key, type)
        }
    }

    @_lifetime(self: copy self)
    private mutating func take(
        _ count: Int, _ key: UInt64, _ type: WireType
    ) -> (number: UInt64, type: WireType, contents: Range<Int>)? {
        guard count <= octets.count - position else { return nil }
        let start = position
        position += count
        return (key >> 3, type, start..<position)
    }

    /// Reads base 128, the lowest seven bits first, at most ten octets; `nil`, with `position` anywhere, if there is
    /// none.
    static func varint(_ octets: Span<UInt8>, at position: inout Int) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < octets.count else { return nil }
            let octet = octets[position]
            position += 1
            guard shift < 63 || octet <= 1 else { return nil }
            value |= UInt64(octet & 0x7F) << shift
            if octet & 0x80 == 0 { return value }
        }
        return nil
    }

    /// Which numbering an entry has, by the wire types of its event's fields 3 to 8: texts stand where the other has
    /// numbers. `nil`: there is no event, or none of these fields.
    static func schema(ofEntry entry: Span<UInt8>) -> EventSchema? {
        var fields = ProtobufFields(entry)
        while let field = fields.next() {
            guard field.number == 2, field.type == .lengthDelimited else { continue }
            var inner = ProtobufFields(entry.extracting(field.contents))
            while let member = inner.next() {
                if let schema = schema(field: member.number, isNumber: member.type == .varint) { return schema }
            }
        }
        return nil
    }

    /// By the field's number: standard has pid, pname, src_ip, src_port, dst_ip, dst_port in 3 to 8, the other src_ip,
    /// src_port, dst_ip, dst_port, pid, pname.
    private static func schema(field: UInt64, isNumber: Bool) -> EventSchema? {
        switch field {
        case 3, 8: isNumber ? .standard : .ecapture
        case 4, 7: isNumber ? .ecapture : .standard
        default: nil
        }
    }
}
