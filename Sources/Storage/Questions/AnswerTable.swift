/// An answer as columns and rows, whatever was asked.
public struct AnswerTable: Equatable, Sendable {
    public enum Value: Equatable, Sendable {
        case null
        case integer(Int64)
        case unsigned(UInt64)
        case real(Double)
        case text(String)
        /// Octets that are no text.
        case octets([UInt8])
        case truth(Bool)
    }

    public var columns: [String]
    public var rows: [[Value]]

    public init(columns: [String] = [], rows: [[Value]] = []) {
        self.columns = columns
        self.rows = rows
    }
}
