import Octets

/// One line of a recording.
extension RecordingReader {
    enum Operation { case data, destroy, close }

    /// What was found in a line besides what the reader shows.
    struct Line {
        var operation = Operation.data
        /// A bit per member, by `RecordingMember.bit`.
        var seen: UInt16 = 0
        var time: Int64 = 0
        var dataLength: UInt64?
        /// Where `DataLen` stands.
        var dataLengthColumn = 1

        func has(_ member: RecordingMember) -> Bool { seen & member.bit != 0 }
    }

    mutating func read(_ text: Span<UInt8>) throws(RecordingFailure) -> Item {
        info = BaseInfo()
        tlsVersion = .none
        payload.removeAll(keepingCapacity: payload.capacity <= 1 << 20)
        var line = Line()
        var scanner = JSONScanner(text)
        var fault: (reason: RecordingFailure.Reason, column: Int)?
        do throws(JSONFailure) {
            try readMembers(&scanner, into: &line, fault: &fault)
        } catch {
            fault = (.json(error.reason), error.position + 1)
        }
        if let fault { throw RecordingFailure(fault.reason, line: lines, column: fault.column) }
        return try item(line, end: text.count)
    }

    /// - Parameter fault: set where the JSON is right and what it says is wrong.
    private mutating func readMembers(
        _ scanner: inout JSONScanner, into line: inout Line,
        fault: inout (reason: RecordingFailure.Reason, column: Int)?
    ) throws(JSONFailure) {
        guard try scanner.next() == .beginObject else {
            fault = (.notAnObject, 1)
            return
        }
        while case .name(let range, _) = try scanner.next() {
            guard let member = RecordingMember(name: scanner.text.extracting(range)) else {
                try scanner.skipValue()
                continue
            }
            let isRepeated = line.has(member)
            line.seen |= member.bit
            let token = try scanner.next()
            guard !isRepeated else {
                fault = (.repeated(member), range.lowerBound)
                return
            }
            if let found = take(token, as: member, scanner.text, end: scanner.position, into: &line) {
                fault = found
                return
            }
        }
        _ = try scanner.next()  // the line's end, or it throws
    }

    private func item(_ line: Line, end: Int) throws(RecordingFailure) -> Item {
        let needed: [RecordingMember] =
            switch line.operation {
            case .data: Self.neededForData
            case .destroy: Self.neededForDestroy
            case .close: Self.neededForClose
            }
        for member in needed where !line.has(member) {
            throw RecordingFailure(.missing(member), line: lines, column: end)
        }
        switch line.operation {
        case .destroy: return .destroyed(sock: info.sock, time: line.time)
        case .close: return .closed(time: line.time)
        case .data:
            if let announced = line.dataLength, announced != UInt64(payload.count) {
                throw RecordingFailure(
                    .lengthMismatch(announced: announced, there: payload.count), line: lines,
                    column: line.dataLengthColumn)
            }
            return .data
        }
    }

    private static let neededForData: [RecordingMember] = [.dataType, .time, .pid, .payload]
    private static let neededForDestroy: [RecordingMember] = [.time, .sock]
    private static let neededForClose: [RecordingMember] = [.time]
}

extension RecordingMember {
    var bit: UInt16 {
        switch self {
        case .operation: 1 << 0
        case .dataType: 1 << 1
        case .time: 1 << 2
        case .pid: 1 << 3
        case .tid: 1 << 4
        case .comm: 1 << 5
        case .fd: 1 << 6
        case .version: 1 << 7
        case .dataLength: 1 << 8
        case .tuple: 1 << 9
        case .sock: 1 << 10
        case .payload: 1 << 11
        }
    }

    /// - Parameter name: as it stands in the text; escapes are not resolved.
    init?(name: Span<UInt8>) {
        // Lengths tell most names apart, so a name costs one comparison or two.
        let candidates: [RecordingMember] = Self.byLength[min(name.count, Self.byLength.count - 1)]
        for candidate in candidates {
            let text = candidate.rawValue.utf8
            var index = 0
            var isEqual = text.count == name.count
            for octet in text where isEqual {
                isEqual = octet == name[index]
                index += 1
            }
            if isEqual {
                self = candidate
                return
            }
        }
        return nil
    }

    private static let byLength: [[RecordingMember]] = (0...10).map { length in
        allCases.filter { $0.rawValue.utf8.count == length }
    }
}
