import Events
import Octets

/// Bodies: of a length, in chunks (RFC 9112 § 7.1).
extension HTTP1Stream {
    /// A chunk-size line with its extensions may be so long: longer ones are an attack or no chunks.
    static var chunkLineOctetsMax: Int { 16_384 }

    mutating func fixedBody(
        _ octets: Span<UInt8>, _ offset: inout Int, _ remaining: UInt64, _ exchange: inout HTTP1Exchange,
        _ environment: borrowing Environment
    ) -> Progress {
        let count = Int(min(UInt64(octets.count - offset), remaining))
        appendBody(octets, offset..<(offset + count), environment)
        offset += count
        if UInt64(count) == remaining {
            finish(isWhole: true, &exchange, environment)
            return .advanced
        }
        state = .fixedBody(remaining: remaining - UInt64(count))
        return .needMore
    }

    mutating func chunkSize(
        _ octets: Span<UInt8>, _ offset: inout Int, _ exchange: inout HTTP1Exchange,
        _ environment: borrowing Environment
    ) -> Progress {
        var position = offset + scanned
        guard let line = LineScan.line(octets, from: &position, &odd), line.end - offset <= Self.chunkLineOctetsMax
        else {
            scanned = position - offset
            // An octet that cannot be is told of at once, so that a lost way is not followed for long.
            if octets.count - offset <= Self.chunkLineOctetsMax + 1,
                offset == octets.count || Self.hexDigit(octets[offset]) != nil
            {
                return .needMore
            }
            return breakOff(.chunkSize, offset, &exchange, environment)
        }
        guard let size = Self.size(octets, offset..<line.end, &odd) else {
            return breakOff(.chunkSize, offset, &exchange, environment)
        }
        if odd.contains(.lineEnd) { message.note(.malformed(.lineEnd)) }
        if odd.contains(.control) { message.note(.malformed(.chunkSize)) }
        keepWire(octets, offset..<line.next, environment.parser.context)
        message.endTime = environment.arrival.time
        offset = line.next
        enter(size == 0 ? .trailers : .chunkData(remaining: size))
        return .advanced
    }

    /// Hexadecimal digits, then nothing, or blanks, or extensions; `nil` for anything else and from 2⁶⁰ on.
    private static func size(
        _ octets: Span<UInt8>, _ line: Range<Int>, _ odd: inout LineScan.Oddities
    ) -> UInt64? {
        var index = line.lowerBound
        var size: UInt64 = 0
        while index < line.upperBound, let digit = hexDigit(octets[index]) {
            guard size < 1 << 56 else { return nil }
            size = size << 4 | digit
            index += 1
        }
        guard index > line.lowerBound else { return nil }
        let digitsEnd = index
        while index < line.upperBound, LineScan.isBlank(octets[index]) { index += 1 }
        if index == line.upperBound {
            if index > digitsEnd { odd.insert(.control) }
            return size
        }
        return octets[index] == 0x3B ? size : nil
    }

    private static func hexDigit(_ octet: UInt8) -> UInt64? {
        switch octet {
        case 0x30...0x39: UInt64(octet & 15)
        case 0x41...0x46, 0x61...0x66: UInt64(octet & 15 + 9)
        default: nil
        }
    }

    mutating func chunkData(
        _ octets: Span<UInt8>, _ offset: inout Int, _ remaining: UInt64, _ environment: borrowing Environment
    ) -> Progress {
        let count = Int(min(UInt64(octets.count - offset), remaining))
        appendBody(octets, offset..<(offset + count), environment)
        offset += count
        if UInt64(count) == remaining {
            enter(.chunkEnd)
            return .advanced
        }
        state = .chunkData(remaining: remaining - UInt64(count))
        return .needMore
    }

    mutating func chunkEnd(
        _ octets: Span<UInt8>, _ offset: inout Int, _ exchange: inout HTTP1Exchange,
        _ environment: borrowing Environment
    ) -> Progress {
        guard offset < octets.count else { return .needMore }
        var next = offset + 1
        if octets[offset] == LineScan.cr {
            guard next < octets.count else { return .needMore }
            guard octets[next] == LineScan.lf else { return breakOff(.chunkEnd, offset, &exchange, environment) }
            next += 1
        } else if octets[offset] == LineScan.lf {
            message.note(.malformed(.lineEnd))
        } else {
            return breakOff(.chunkEnd, offset, &exchange, environment)
        }
        keepWire(octets, offset..<next, environment.parser.context)
        message.endTime = environment.arrival.time
        offset = next
        enter(.chunkSize)
        return .advanced
    }

    mutating func trailers(
        _ octets: Span<UInt8>, _ offset: inout Int, _ exchange: inout HTTP1Exchange,
        _ environment: borrowing Environment
    ) -> Progress {
        let front = octets.extracting(offset...)
        let octetsMax = environment.parser.context.settings.headOctetsMax
        let end = readFields(of: .trailers, front, environment.parser.context)
        guard let end, end <= octetsMax else {
            guard end != nil || front.count > octetsMax + 1 else { return .needMore }
            message.trailers.removeAll()
            return breakOff(.headTooLarge, offset, &exchange, environment)
        }
        message.trailers.octets.append(contentsOf: front.extracting(0..<end))
        keepWire(octets, offset..<(offset + end), environment.parser.context)
        message.endTime = environment.arrival.time
        offset += end
        if odd.contains(.lineEnd) { message.note(.malformed(.lineEnd)) }
        if odd.contains(.control) { message.note(.malformed(.headerField)) }
        if odd.contains(.tooMany) {
            message.markIncomplete(.fieldsLimited(max: environment.parser.context.settings.headerFieldsMax))
        }
        finish(isWhole: true, &exchange, environment)
        return .advanced
    }

    /// The octets from `offset` on are not what the body needs here: the message ends, the next one is looked for.
    private mutating func breakOff(
        _ cause: Malformation, _ offset: Int, _ exchange: inout HTTP1Exchange, _ environment: borrowing Environment
    ) -> Progress {
        abandon(.malformed(cause), &exchange, environment)
        beginSkipping(cause, at: offset == 0 ? environment.arrival.firstTime : environment.arrival.time)
        return .advanced
    }
}
