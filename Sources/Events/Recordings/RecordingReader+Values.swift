import Octets

/// The values of a line's members.
extension RecordingReader {
    typealias Fault = (reason: RecordingFailure.Reason, column: Int)

    /// Takes one member's value.
    /// - Parameter end: where the scanner stands behind the value's first token.
    /// - Returns: what is wrong with it, if anything.
    mutating func take(
        _ token: JSONScanner.Token, as member: RecordingMember, _ text: Span<UInt8>, end: Int, into line: inout Line
    ) -> Fault? {
        switch token {
        case .number(let range):
            return takeNumber(text.extracting(range), as: member, into: &line, column: range.lowerBound + 1)
        case .string(let range, let hasEscapes):
            return takeString(text.extracting(range), hasEscapes, as: member, into: &line, column: range.lowerBound)
        default: return (.badValue(member), end)
        }
    }

    private mutating func takeNumber(
        _ digits: Span<UInt8>, as member: RecordingMember, into line: inout Line, column: Int
    ) -> Fault? {
        let isTaken =
            switch member {
            case .dataType: set(&info.direction, digits.integer(as: UInt8.self).flatMap(Direction.init))
            case .time: set(&line.time, digits.integer())
            case .pid: set(&info.pid, digits.integer())
            case .tid: set(&info.tid, digits.integer())
            case .fd: set(&info.fd, digits.integer())
            case .version: set(&tlsVersion, digits.integer(as: UInt16.self).map(TLSVersion.init))
            case .dataLength: set(&line.dataLength, digits.integer(as: UInt64.self).map(Optional.some))
            case .sock: set(&info.sock, digits.integer())
            case .operation, .comm, .tuple, .payload: false
            }
        if member == .time { info.time = line.time }
        if member == .dataLength { line.dataLengthColumn = column }
        return isTaken ? nil : (.badValue(member), column)
    }

    private func set<Value>(_ place: inout Value, _ value: Value?) -> Bool {
        guard let value else { return false }
        place = value
        return true
    }

    private mutating func takeString(
        _ raw: Span<UInt8>, _ hasEscapes: Bool, as member: RecordingMember, into line: inout Line, column: Int
    ) -> Fault? {
        switch member {
        case .payload where !hasEscapes:
            return Base64.decode(raw, into: &payload).map { (.badValue(.payload), column + 1 + $0) }
        case .comm where !hasEscapes:
            info.comm = CommandName(raw)
            return nil
        case .tuple where !hasEscapes && raw.equals(lastTuple.span):
            setTuple()
            return nil
        default: return takeText(JSONString.unescaped(raw), as: member, into: &line, column: column)
        }
    }

    private mutating func takeText(
        _ text: [UInt8], as member: RecordingMember, into line: inout Line, column: Int
    ) -> Fault? {
        switch member {
        case .operation: return takeOperation(text, into: &line, column: column)
        case .comm: info.comm = CommandName(text)
        case .payload: return Base64.decode(text.span, into: &payload).map { _ in (.badValue(.payload), column) }
        case .tuple where text.isEmpty: break
        case .tuple:
            guard tupleInfo.setTuple(text: text.span) else { return (.badValue(.tuple), column) }
            lastTuple = text
            setTuple()
        default: return (.badValue(member), column)
        }
        return nil
    }

    private func takeOperation(_ text: [UInt8], into line: inout Line, column: Int) -> Fault? {
        switch String(decoding: text, as: UTF8.self) {
        case "data": line.operation = .data
        case "destroy": line.operation = .destroy
        case "close": line.operation = .close
        default: return (.unknownOperation, column)
        }
        return nil
    }

    private mutating func setTuple() {
        info.source = tupleInfo.source
        info.destination = tupleInfo.destination
        info.sourcePort = tupleInfo.sourcePort
        info.destinationPort = tupleInfo.destinationPort
    }
}

extension Span where Element == UInt8 {
    func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }
}
