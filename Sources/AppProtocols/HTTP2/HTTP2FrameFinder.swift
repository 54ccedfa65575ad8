import Octets

/// Tells HTTP/2 frames from other octets: at the start of a connection, when it is joined midway, and behind a gap.
///
/// It is strict: what is no HTTP/2 (MySQL, PostgreSQL, AMQP, DNS over TCP, noise) must not be taken for it, while an
/// end that breaks rules need not be recognised. Work at one place is bounded, and the answer depends on the octets
/// alone, not on how they were cut.
enum HTTP2FrameFinder {
    /// What every client says first (RFC 9113 § 3.4).
    static let preface: [UInt8] = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// Octets of a header block that are tried.
    private static let blockOctetsMax = 256

    /// Whether `octets` start with the preface; `.needMore` where they are its beginning.
    static func preface(_ octets: Span<UInt8>) -> Detection {
        let count = min(octets.count, preface.count)
        for index in 0..<count where octets[index] != preface[index] { return .no }
        return count == preface.count ? .yes : .needMore
    }

    /// Whether a frame starts at `offset`.
    /// - Parameter lengthMax: the longest payload expected.
    static func frame(
        _ octets: Span<UInt8>, at offset: Int, lengthMax: Int = HTTP2FrameHeader.lengthMaxInitial
    ) -> Detection {
        let available = octets.count - offset
        guard available >= HTTP2FrameHeader.octetCount else { return beginning(octets, at: offset, lengthMax) }
        // Most octets are turned down here.
        guard octets[offset] <= UInt8(truncatingIfNeeded: lengthMax >> 16) else { return .no }
        let header = HTTP2FrameHeader(octets, at: offset)
        guard header.isPlausible(lengthMax: lengthMax) else { return .no }
        let payload = octets.extracting((offset + HTTP2FrameHeader.octetCount)...)
        switch header.type {
        case .windowUpdate:
            guard payload.count >= 4 else { return .needMore }
            let increment = payload.bigEndian32(at: 0)
            return increment != 0 && increment >> 31 == 0 ? .yes : .no
        case .resetStream:
            guard payload.count >= 4 else { return .needMore }
            return payload.bigEndian32(at: 0) <= 0xFF ? .yes : .no
        case .goAway:
            guard payload.count >= 8 else { return .needMore }
            let isStreamLikely = payload[0] == 0 || payload.bigEndian32(at: 0) == 0x7FFF_FFFF
            return payload.bigEndian32(at: 4) <= 0xFF && isStreamLikely ? .yes : .no
        case .ping, .priority: return .yes
        case .settings where header.length > 0: return settings(payload, header.length)
        case .headers:
            switch headers(payload, header) {
            case .no: return .no
            case .needMore: return .needMore
            case .yes where header.isEndHeaders && header.length <= blockOctetsMax: return .yes
            case .yes: break
            }
        default: break
        }
        return followed(octets, at: offset + HTTP2FrameHeader.octetCount + header.length, lengthMax)
    }

    /// Whether fewer than nine octets may be the beginning of a frame.
    private static func beginning(_ octets: Span<UInt8>, at offset: Int, _ lengthMax: Int) -> Detection {
        // Missing octets as the most plausible: only what is there decides.
        let count = octets.count - offset
        guard count > 0 else { return .needMore }
        if Int(octets[offset]) << 16 > lengthMax { return .no }
        if count > 1, Int(octets[offset]) << 16 | Int(octets[offset + 1]) << 8 > lengthMax { return .no }
        if count > 3, HTTP2CodePoints.frameTypeName(octets[offset + 3]) == nil { return .no }
        if count > 4, octets[offset + 4] & ~0x2D != 0 { return .no }
        if count > 5, octets[offset + 5] != 0 { return .no }
        return .needMore
    }

    /// Whether another frame follows: what starts at `offset` could be one.
    private static func followed(_ octets: Span<UInt8>, at offset: Int, _ lengthMax: Int) -> Detection {
        guard octets.count >= offset else { return .needMore }
        guard octets.count >= offset + HTTP2FrameHeader.octetCount else {
            return beginning(octets, at: offset, lengthMax)
        }
        return HTTP2FrameHeader(octets, at: offset).isPlausible(lengthMax: lengthMax) ? .yes : .no
    }

    /// Whether these are settings: known ones with values they can have, others that are registered or reserved for
    /// exercise (0x?A?A).
    private static func settings(_ payload: Span<UInt8>, _ length: Int) -> Detection {
        var at = 0
        while at < length {
            guard payload.count >= at + 6 else { return .needMore }
            let identifier = payload.bigEndian16(at: at)
            let value = payload.bigEndian32(at: at + 2)
            switch identifier {
            case 2, 8, 9: if value > 1 { return .no }
            case 4: if value >> 31 != 0 { return .no }
            case 5: if !(16_384..<(1 << 24) ~= value) { return .no }
            case 1, 3, 6, 7, 0x10: break
            default: if identifier & 0x0F0F != 0x0A0A { return .no }
            }
            at += 6
        }
        return .yes
    }

    /// Whether a header block starts here: its fields can be decoded as far as they are tried, their names are
    /// those HTTP/2 can carry, and one is of the static table or a reference to the dynamic one.
    private static func headers(_ payload: Span<UInt8>, _ header: HTTP2FrameHeader) -> Detection {
        var start = header.hasPriority ? 5 : 0
        var padding = 0
        if header.isPadded {
            guard !payload.isEmpty else { return .needMore }
            start += 1
            padding = Int(payload[0])
        }
        let length = header.length - start - padding
        guard length > 0 else { return .no }
        let tried = min(length, blockOctetsMax)
        guard payload.count >= start + tried else { return .needMore }
        var decoder = HPACKDecoder()
        decoder.forget()
        decoder.tableSizeAllowed = nil
        var list = HeaderList()
        var progress = HPACKDecoder.Progress()
        let isWhole = tried == length && header.isEndHeaders
        _ = decoder.decode(
            payload.extracting(start..<(start + tried)), isLast: isWhole, into: &list, &progress,
            .init(listOctetsMax: 1 << 16, fieldsMax: 512))
        guard !progress.isMalformed, !list.fields.isEmpty || !isWhole else { return .no }
        for field in list.fields where !areNameOctets(list.span(of: field.name), field.marks) { return .no }
        return .yes
    }

    /// RFC 9113 § 8.2.1: no upper case, nothing up to 0x20, nothing from 0x7F on.
    private static func areNameOctets(_ name: Span<UInt8>, _ marks: HeaderList.Marks) -> Bool {
        if name.isEmpty { return marks.contains(.unknownName) }
        for index in name.indices {
            let octet = name[index]
            if octet <= 0x20 || octet >= 0x7F || (0x41...0x5A ~= octet) { return false }
        }
        return true
    }
}
