import Octets

/// What is wrong with a line of a JSON Lines recording, and where.
public struct RecordingFailure: Error, Equatable, Sendable {
    public enum Reason: Equatable, Sendable {
        /// The line is no JSON.
        case json(JSONFailure.Reason)
        /// The line is no object.
        case notAnObject
        /// `Op` is none of `data`, `destroy`, `close`.
        case unknownOperation
        /// A member that this operation needs is missing.
        case missing(RecordingMember)
        /// A member stands there twice.
        case repeated(RecordingMember)
        /// A member's value is of another kind than it must be, or out of its range.
        case badValue(RecordingMember)
        /// `DataLen` is not the number of octets of `Payload`.
        case lengthMismatch(announced: UInt64, there: Int)
        /// The line is longer than `RecordingReader.lineOctetsMax`.
        case lineTooLong
    }

    public let reason: Reason
    /// The first line is 1.
    public let line: UInt64
    /// In octets, the first is 1.
    public let column: Int

    public init(_ reason: Reason, line: UInt64, column: Int) {
        self.reason = reason
        self.line = line
        self.column = column
    }
}

/// The members of a recorded event, by their names.
public enum RecordingMember: String, Sendable, CaseIterable {
    case operation = "Op"
    case dataType = "DataType"
    case time = "Timestamp"
    case pid = "Pid"
    case tid = "Tid"
    case comm = "Comm"
    case fd = "Fd"
    case version = "Version"
    case dataLength = "DataLen"
    case tuple = "Tuple"
    case sock = "Sock"
    case payload = "Payload"
}

extension RecordingFailure: CustomStringConvertible {
    public var description: String {
        let what =
            switch reason {
            case .json(.truncated): "the line ends inside a JSON value"
            case .json(.unexpected): "this must not stand here in JSON"
            case .json(.controlCharacter): "a control character in a string"
            case .json(.badEscape): "an escape that JSON does not have"
            case .json(.badNumber): "a number that JSON does not have"
            case .json(.tooDeep): "nested too deep"
            case .notAnObject: "expected a JSON object"
            case .unknownOperation: "\"Op\" must be \"data\", \"destroy\" or \"close\""
            case .missing(let member): "\"\(member.rawValue)\" is missing"
            case .repeated(let member): "\"\(member.rawValue)\" stands here a second time"
            case .badValue(let member): "\"\(member.rawValue)\" \(member.expectation)"
            case .lengthMismatch(let announced, let there):
                "\"DataLen\" is \(announced), \"Payload\" has \(there) octets"
            case .lineTooLong: "the line is longer than \(RecordingReader.lineOctetsMax) octets"
            }
        return "line \(line), column \(column): \(what)"
    }
}

extension RecordingMember {
    /// What a value must be, behind the member's name.
    var expectation: String {
        switch self {
        case .operation: "must be \"data\", \"destroy\" or \"close\""
        case .dataType: "must be 0 (read) or 1 (written)"
        case .time: "must be an integer of 64 bits, nanoseconds since 1970"
        case .pid, .tid: "must be an integer of 32 bits"
        case .comm: "must be a string"
        case .fd: "must be a signed integer of 32 bits"
        case .version: "must be an integer of 16 bits"
        case .dataLength: "must be an integer that is not negative"
        case .tuple: "must be \"ip:port-ip:port\", IPv6 in brackets"
        case .sock: "must be an integer of 64 bits"
        case .payload: "must be a string in base64"
        }
    }
}
